/* Which files and which network a caged process may touch: see cage-places.h. Nothing of it is
 * needed by a descriptor that is open already. */
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cage-places.h"

/* What the kernel's header of this build may not have yet. */
#define ACCESS_REFER (UINT64_C(1) << 13)
#define ACCESS_TRUNCATE (UINT64_C(1) << 14)
#define ACCESS_IOCTL_DEV (UINT64_C(1) << 15)
#define NET_BIND_TCP (UINT64_C(1) << 0)
#define NET_CONNECT_TCP (UINT64_C(1) << 1)
#define SCOPE_ABSTRACT_SOCKETS (UINT64_C(1) << 0)
#define SCOPE_SIGNALS (UINT64_C(1) << 1)

#define READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE                                                                                      \
        (READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |                      \
         LANDLOCK_ACCESS_FS_REMOVE_FILE | ACCESS_TRUNCATE)
#define DEVICE (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_IOCTL_DEV)
/* What can be granted for a file that is no folder. */
#define FILE_ACCESS                                                                                \
        (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_TRUNCATE |          \
         ACCESS_IOCTL_DEV)
/* All rights of the first version. */
#define ACCESS_FIRST (LANDLOCK_ACCESS_FS_MAKE_SYM | (LANDLOCK_ACCESS_FS_MAKE_SYM - 1))

/* struct landlock_ruleset_attr as it has grown, and by how much with which version. */
typedef struct Handled {
        uint64_t files, network, scopes;
} Handled;

/* clang-format off */
/* In the order of the versions: what each took in, and how long the struct is then. */
static const struct {
        int version;
        Handled more;
        size_t size;
} versions[] = {
        {1, {ACCESS_FIRST, 0, 0},                                offsetof(Handled, network)},
        {2, {ACCESS_REFER, 0, 0},                                offsetof(Handled, network)},
        {3, {ACCESS_TRUNCATE, 0, 0},                             offsetof(Handled, network)},
        {4, {0, NET_BIND_TCP | NET_CONNECT_TCP, 0},              offsetof(Handled, scopes)},
        {5, {ACCESS_IOCTL_DEV, 0, 0},                            offsetof(Handled, scopes)},
        {6, {0, 0, SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS},      sizeof(Handled)},
};

/* Libraries that are loaded late (name services, OpenSSL's providers), what resolving and TLS are
 * configured by, trusted roots where distributions keep them. Not all of /etc, since keys and
 * passwords lie there; what a system doesn't have is left out. */
static const struct {
        const char *path;
        uint64_t access;
} system_places[] = {
        {"/usr", READ}, {"/lib", READ}, {"/lib64", READ}, {"/etc/ld.so.cache", READ},
        {"/etc/resolv.conf", READ}, {"/etc/hosts", READ}, {"/etc/host.conf", READ},
        {"/etc/nsswitch.conf", READ}, {"/etc/gai.conf", READ}, {"/etc/services", READ},
        {"/etc/protocols", READ}, {"/etc/hostname", READ},
        {"/run/systemd/resolve", READ}, {"/run/resolvconf", READ}, {"/run/NetworkManager", READ},
        {"/run/connman", READ},
        {"/etc/ssl/certs", READ}, {"/etc/ssl/cert.pem", READ}, {"/etc/ssl/openssl.cnf", READ},
        {"/etc/ca-certificates", READ}, {"/var/lib/ca-certificates", READ},
        {"/etc/pki/tls/certs", READ}, {"/etc/pki/tls/openssl.cnf", READ},
        {"/etc/pki/ca-trust", READ}, {"/etc/crypto-policies", READ},
        {"/proc/sys/crypto", READ}, {"/sys/devices/system/cpu", READ},
        {"/dev/urandom", READ}, {"/dev/random", READ}, {"/dev/null", DEVICE},
},
/* Where the private key is not a file but in a provider's hands. */
key_places[] = {
        {"/dev/tpmrm0", DEVICE}, {"/dev/tpm0", DEVICE}, {"/dev/tee0", DEVICE},
        {"/etc/tpm2-tss", READ}, {"/etc/pkcs11", READ}, {"/etc/opensc", READ},
        {"/etc/softhsm", READ}, {"/etc/softhsm2.conf", READ}, {"/var/lib/softhsm", WRITE},
};
/* clang-format on */

/* Of a task's way to a server, those that name files; client_key may. */
static const size_t named_places[] = {
        offsetof(Task, ca_file),           offsetof(Task, csms_ca_file),
        offsetof(Task, installed_ca_file), offsetof(Task, client_cert_file),
        offsetof(Task, credentials_file),
};

/* A rule set while it is made. */
typedef struct Walls {
        int fd;
        uint64_t handled; /* rights to files */
        int error;        /* the first one */
} Walls;

/* What is not there needs no rule. */
static void let(Walls *w, const char *path, uint64_t access)
{
        _cleanup_(closep) int fd = open(path, O_PATH | O_CLOEXEC);
        struct landlock_path_beneath_attr rule = {.parent_fd = fd};
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return;
        rule.allowed_access = access & w->handled & (S_ISDIR(st.st_mode) ? ~0ULL : FILE_ACCESS);
        if (syscall(SYS_landlock_add_rule, w->fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0 &&
            w->error == 0)
                w->error = -errno;
}

static void let_folder_of(Walls *w, const char *file)
{
        _cleanup_(freep) char *folder = strdup(file);
        char *slash = folder ? strrchr(folder, '/') : NULL;

        if (slash)
                slash[slash == folder] = '\0';
        let(w, slash ? folder : ".", WRITE);
}

/* The path in a key's URI that is one of a file, as OpenSSL reads it; NULL: a provider has it. */
static const char *key_path(const char *key)
{
        const char *path = startswith(key, "file:");

        if (key[0] == '/')
                return key;
        return path && startswith(path, "//") ? path + 2 : path;
}

/* By a path, or by what a provider knows it by. */
static void let_named(Walls *w, const Task *task)
{
        for (size_t i = 0; i < ELEMENTSOF(named_places); i++) {
                const void *member = (const char *)task + named_places[i];
                const char *const *path = member;

                if (*path)
                        let(w, *path, READ);
        }
        if (task->client_key && key_path(task->client_key)) {
                let(w, key_path(task->client_key), READ);
                return;
        }
        for (size_t i = 0; task->client_key && i < ELEMENTSOF(key_places); i++)
                let(w, key_places[i].path, key_places[i].access);
}

/* What a program that is made for tests does beside its job. */
static void let_tests(Walls *w _unused_)
{
#ifdef TEST_SEAMS
        const char *record = getenv("RAUC_OCPP_FAILPOINT_FILE");

        if (record)
                let_folder_of(w, record);
#endif
#ifdef COVERAGE_DIR
        let(w, COVERAGE_DIR, WRITE | LANDLOCK_ACCESS_FS_MAKE_DIR);
#endif
#ifdef SANITIZER_DIR
        let(w, "/proc/self", READ);
        let(w, SANITIZER_DIR, READ);
#endif
}

static void let_places(Walls *w, Places places, const Task *task)
{
        if (places & PLACES_SYSTEM) {
                for (size_t i = 0; i < ELEMENTSOF(system_places); i++)
                        let(w, system_places[i].path, system_places[i].access);
        }
        if (places & PLACES_NAMED)
                let_named(w, task);
        if (places & PLACES_FILE)
                let(w, task->file, READ);
        if (places & PLACES_FOLDER)
                let_folder_of(w, task->file);
        if (places & PLACES_ALL)
                let(w, "/", READ);
        let_tests(w);
}

/* A descriptor of the rule set; negative errno. */
static int walls_make(Places places, uint64_t *ret_handled)
{
        long version =
                syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
        Handled handled = {0};
        size_t size = 0;
        long fd;

        if (version < versions[0].version)
                return -EOPNOTSUPP;
        for (size_t i = 0; i < ELEMENTSOF(versions) && versions[i].version <= version; i++) {
                handled.files |= versions[i].more.files;
                handled.network |= versions[i].more.network;
                handled.scopes |= versions[i].more.scopes;
                size = versions[i].size;
        }
        if (places & PLACES_CONNECT)
                handled.network &= ~NET_CONNECT_TCP;
        fd = syscall(SYS_landlock_create_ruleset, &handled, size, 0);
        if (fd < 0)
                return -errno;
        *ret_handled = handled.files;
        return (int)fd;
}

int places_limit(Places places, const Task *task)
{
        Walls w = {.fd = -1};
        _cleanup_(closep) int fd = walls_make(places, &w.handled);

        if (fd < 0)
                return fd;
        w.fd = fd;
        let_places(&w, places, task);
        if (w.error < 0)
                return w.error;
        return syscall(SYS_landlock_restrict_self, fd, 0) == 0 ? 0 : -errno;
}
