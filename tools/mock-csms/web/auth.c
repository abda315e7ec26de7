/* See auth.h. */
#include "auth.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <strings.h>

typedef struct Entry {
        const char *id, *password;
} Entry;

struct Auth {
        char *text; /* the file; entries point into it */
        size_t size;
        Entry *entries; /* sorted by id */
        size_t count;
};

static int compare(const void *a, const void *b)
{
        return strcmp(((const Entry *)a)->id, ((const Entry *)b)->id);
}

static size_t count_lines(const char *text)
{
        size_t n = 1;
        for (; *text; text++)
                n += *text == '\n';
        return n;
}

static int parse(Auth *auth)
{
        char *rest = auth->text;
        for (char *line; (line = strsep(&rest, "\n"));) {
                size_t n = strlen(line);
                if (n > 0 && line[n - 1] == '\r')
                        line[n - 1] = '\0';
                if (!*line || *line == '#')
                        continue;
                char *colon = strchr(line, ':');
                if (!colon)
                        return -EINVAL;
                *colon = '\0';
                auth->entries[auth->count++] = (Entry){.id = line, .password = colon + 1};
        }
        qsort(auth->entries, auth->count, sizeof(Entry), compare);
        return 0;
}

int auth_load(const char *path, Auth **ret)
{
        _cleanup_(auth_freep) Auth *auth = calloc(1, sizeof(*auth));
        if (!auth)
                return -ENOMEM;
        int r = file_read(path, PASSWORDS_FILE_MAX, &auth->text, &auth->size);
        if (r < 0)
                return r;
        auth->entries = calloc(count_lines(auth->text), sizeof(Entry));
        if (!auth->entries)
                return -ENOMEM;
        r = parse(auth);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(auth);
        return 0;
}

void auth_free(Auth *auth)
{
        if (!auth)
                return;
        if (auth->text)
                explicit_bzero(auth->text, auth->size);
        free(auth->text);
        free(auth->entries);
        free(auth);
}

static bool same_bytes(const void *a, size_t a_size, const void *b, size_t b_size)
{
        return a_size == b_size && CRYPTO_memcmp(a, b, a_size) == 0;
}

static bool password_matches(const char *wanted, const unsigned char *given, size_t size)
{
        unsigned char bytes[CREDENTIALS_MAX];
        size_t n = strlen(wanted);
        if (same_bytes(wanted, n, given, size))
                return true;
        if (n == 0 || n % 2 != 0 || n / 2 > sizeof(bytes) || hex_decode(wanted, bytes, n / 2) < 0)
                return false;
        bool same = same_bytes(bytes, n / 2, given, size);
        explicit_bzero(bytes, sizeof(bytes));
        return same;
}

/* Base64 into out; the number of bytes, or -EINVAL. */
static int decode(const char *text, unsigned char out[static CREDENTIALS_MAX])
{
        size_t n = strlen(text), padding = 0;
        if (n == 0 || n % 4 != 0 || n / 4 * 3 > CREDENTIALS_MAX)
                return -EINVAL;
        while (padding < 2 && text[n - 1 - padding] == '=')
                padding++;
        int size = EVP_DecodeBlock(out, (const unsigned char *)text, (int)n);
        return size < 0 ? -EINVAL : size - (int)padding;
}

bool auth_check(const Auth *auth, const char *id, const char *header)
{
        unsigned char given[CREDENTIALS_MAX];
        size_t id_size = strlen(id);
        const Entry key = {.id = id};
        const Entry *entry = bsearch(&key, auth->entries, auth->count, sizeof(Entry), compare);
        if (!entry || strncasecmp(header, "Basic ", 6) != 0)
                return false;
        int n = decode(header + 6 + strspn(header + 6, " "), given);
        bool good = n > 0 && (size_t)n > id_size && memcmp(given, id, id_size) == 0 &&
                    given[id_size] == ':' &&
                    password_matches(entry->password, given + id_size + 1, (size_t)n - id_size - 1);
        explicit_bzero(given, sizeof(given));
        return good;
}
