/* The roots that the CSMS has installed: see certificates.h. */
#include <strings.h>
#include <sys/stat.h>

#include "certificates.h"
#include "log.h"
#include "verify-root.h"

/* Many times what CERTIFICATES_MAX certificates take. */
#define FILE_SIZE_MAX (1U << 20)

static const char *const file_names[ROOT_USES] = {
        [ROOT_OF_CSMS] = "csms.pem",
        [ROOT_OF_MANUFACTURER] = "manufacturer.pem",
};

static char *path_of(const Certificates *c, RootUse use)
{
        return str_printf("%s/%s", c->folder, file_names[use]);
}

/* 0 and *ret, empty where there is no file; 1: the file is damaged, *ret is what could be read. */
static int read_file(const char *path, TrustStore **ret)
{
        _cleanup_(trust_store_freep) TrustStore *t = NULL;
        _cleanup_(freep) char *text = NULL;
        size_t size = 0;
        int r = trust_store_load(NULL, NULL, &t, NULL);

        if (r < 0)
                return r;
        r = file_read(path, FILE_SIZE_MAX, &text, &size);
        if (r == 0 && size > 0)
                r = trust_store_add_text(t, text);
        if (r < 0 && r != -ENOENT && r != -EBADMSG && r != -EFBIG)
                return r;
        *ret = TAKE_PTR(t);
        return r == 0 || r == -ENOENT ? 0 : 1;
}

static int read_installed(const Certificates *c, RootUse use, TrustStore **ret)
{
        _cleanup_(freep) char *path = path_of(c, use);
        int r = path ? read_file(path, ret) : -ENOMEM;

        return MIN(r, 0);
}

/* None left: an empty file, which is as durable as a full one. */
static int write_installed(const Certificates *c, RootUse use, const TrustStore *t)
{
        _cleanup_(freep) char *path = path_of(c, use), *text = trust_store_write(t);

        if (!path || !text)
                return -ENOMEM;
        if (mkdir(c->folder, 0700) < 0 && errno != EEXIST)
                return -errno;
        return file_write_atomic(path, text, strlen(text), 0600);
}

/* They were looked at when the agent began; what can't be read since is not there. */
static int read_configured(const Certificates *c, RootUse use, TrustStore **ret)
{
        int r = trust_store_load(c->configured[use], NULL, ret, NULL);

        if (r == 0 || r == -ENOMEM)
                return r;
        log_warning_errno(r, "Can't read the roots in %s", c->configured[use]);
        return trust_store_load(NULL, NULL, ret, NULL);
}

static int mend(const Certificates *c, RootUse use)
{
        _cleanup_(trust_store_freep) TrustStore *t = NULL;
        _cleanup_(freep) char *path = path_of(c, use);
        int r = path ? read_file(path, &t) : -ENOMEM;

        if (r < 0 && r != -ENOMEM)
                log_error_errno(r, "Can't read %s", path);
        if (r <= 0)
                return r == -ENOMEM ? r : 0;
        log_error("%s is damaged; roots that could be read of it and are kept: %zu", path,
                  trust_store_count(t));
        r = write_installed(c, use, t);
        if (r < 0)
                log_error_errno(r, "Can't write %s", path);
        return 0;
}

int certificates_init(Certificates *c, const char *state_directory)
{
        int r = 0;

        if (!(c->folder = str_printf("%s/certificates", state_directory)))
                return -ENOMEM;
        for (RootUse use = 0; use < ROOT_USES && r == 0; use++)
                r = mend(c, use);
        return r;
}

void certificates_done(Certificates *c)
{
        free(TAKE_PTR(c->folder));
}

int certificates_file(const Certificates *c, RootUse use, char **ret)
{
        _cleanup_(trust_store_freep) TrustStore *t = NULL;
        _cleanup_(freep) char *path = path_of(c, use);
        int r = path ? read_file(path, &t) : -ENOMEM;

        if (r < 0)
                return r;
        *ret = trust_store_count(t) > 0 ? TAKE_PTR(path) : NULL;
        return 0;
}

int certificates_install(const Certificates *c, RootUse use, const char *pem)
{
        _cleanup_(trust_store_freep) TrustStore *installed = NULL, *configured = NULL;
        uint8_t digest[SHA256_SIZE];
        size_t count;
        int r = read_installed(c, use, &installed), at;

        if (r == 0)
                r = read_configured(c, use, &configured);
        if (r < 0)
                return r;
        count = trust_store_count(installed);
        r = trust_store_add_text(installed, pem);
        if (r == 0)
                r = trust_store_digest(installed, count, digest);
        if (r < 0)
                return r;
        at = trust_store_find(configured, digest);
        if (at == -ENOENT)
                at = trust_store_find(installed, digest);
        if (at < 0)
                return at;
        if (at != (int)count)
                return 0;
        if (count >= CERTIFICATES_MAX)
                return -ENOSPC;
        r = write_installed(c, use, installed);
        return r < 0 ? r : 1;
}

static int append(List *roots, RootUse use, const RootHashes *h)
{
        RootId *items = realloc(roots->items, (roots->count + 1) * sizeof(*items)), *id;

        if (!items)
                return -ENOMEM;
        roots->items = items;
        id = &items[roots->count++];
        *id = (RootId){.use = use,
                       .algorithm = HASH_SHA256,
                       .issuer_name_hash = strdup(h->issuer_name),
                       .issuer_key_hash = strdup(h->issuer_key),
                       .serial = strdup(h->serial)};
        return id->issuer_name_hash && id->issuer_key_hash && id->serial ? 0 : -ENOMEM;
}

static int append_all(List *roots, RootUse use, const TrustStore *t)
{
        for (size_t i = 0; i < trust_store_count(t) && roots->count < ROOTS_LISTED_MAX; i++) {
                RootHashes h;
                int r = trust_store_hashes(t, i, 256, &h);

                if (r == 0)
                        r = append(roots, use, &h);
                if (r < 0 && r != -EINVAL)
                        return r;
        }
        return 0;
}

int certificates_list(const Certificates *c, RootUse use, List *roots)
{
        _cleanup_(trust_store_freep) TrustStore *installed = NULL, *configured = NULL;
        int r = read_installed(c, use, &installed);

        if (r == 0)
                r = read_configured(c, use, &configured);
        if (r == 0)
                r = append_all(roots, use, installed);
        return r < 0 ? r : append_all(roots, use, configured);
}

int certificates_count(const Certificates *c)
{
        int count = 0;

        for (RootUse use = 0; use < ROOT_USES; use++) {
                _cleanup_(trust_store_freep) TrustStore *installed = NULL, *configured = NULL;
                int r = read_installed(c, use, &installed);

                if (r == 0)
                        r = read_configured(c, use, &configured);
                if (r < 0)
                        return r;
                count += (int)(trust_store_count(installed) + trust_store_count(configured));
        }
        return count;
}

/* Whichever case the CSMS writes them in; a serial number may come with leading zeros. */
static bool is_same(const RootHashes *h, const RootId *id)
{
        const char *serial = id->serial + strspn(id->serial, "0");

        return strcasecmp(h->issuer_name, id->issuer_name_hash) == 0 &&
               strcasecmp(h->issuer_key, id->issuer_key_hash) == 0 &&
               strcasecmp(h->serial, *serial ? serial : "0") == 0;
}

int certificates_find(const TrustStore *t, const RootId *id)
{
        static const unsigned bits[HASH_ALGORITHM_MAX] = {
                [HASH_SHA256] = 256, [HASH_SHA384] = 384, [HASH_SHA512] = 512};

        for (size_t i = 0; i < trust_store_count(t); i++) {
                RootHashes h;
                int r = trust_store_hashes(t, i, bits[id->algorithm], &h);

                if (r == 0 && is_same(&h, id))
                        return (int)i;
                if (r < 0 && r != -EINVAL)
                        return r;
        }
        return -ENOENT;
}

/* May what has that id be removed? 0, or why not. */
static int judge_deletion(const Certificates *c, RootUse use, const RootId *id)
{
        _cleanup_(trust_store_freep) TrustStore *configured = NULL;
        int r = read_configured(c, use, &configured);

        if (r == 0)
                r = certificates_find(configured, id);
        return r >= 0 ? -EROFS : r == -ENOENT ? 0 : r;
}

/* Takes it out of t. 1: it was there; 0; negative errno. */
static int take_out(TrustStore *t, const RootId *id, const uint8_t *in_use)
{
        int removed = 0, i;

        while ((i = certificates_find(t, id)) >= 0) {
                uint8_t digest[SHA256_SIZE];
                int r = trust_store_digest(t, (size_t)i, digest);

                if (r == 0 && in_use && memcmp(in_use, digest, sizeof(digest)) == 0)
                        r = -EBUSY;
                if (r < 0)
                        return r;
                trust_store_drop(t, (size_t)i);
                removed = 1;
        }
        return i == -ENOENT ? removed : i;
}

int certificates_delete(const Certificates *c, const RootId *id, const uint8_t *in_use)
{
        TrustStore *left[ROOT_USES] = {NULL};
        int changed = 0, r = 0;

        /* None is removed before it is known that all may be. */
        for (RootUse use = 0; use < ROOT_USES && r >= 0; use++) {
                r = judge_deletion(c, use, id);
                if (r == 0)
                        r = read_installed(c, use, &left[use]);
                if (r == 0)
                        r = take_out(left[use], id, use == ROOT_OF_CSMS ? in_use : NULL);
                if (r > 0)
                        changed |= 1 << use;
        }
        for (RootUse use = 0; use < ROOT_USES; use++) {
                if (r >= 0 && changed & 1 << use)
                        r = write_installed(c, use, left[use]);
                trust_store_free(left[use]);
        }
        return r < 0 ? r : changed ? changed : -ENOENT;
}
