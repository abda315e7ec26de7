/* The credentials file, and the host keys that it pins: see way-internal.h. */
#include <openssl/evp.h>
#include <stdio.h>
#include <strings.h>

#include "way-internal.h"

#define FILE_SIZE_MAX 65536
#define LINES_MAX 512
#define FIELDS_MAX 4
#define KEY_PREFIX "SHA256:"
/* Of a SHA-256 in base64 with its padding and NUL, behind the prefix. */
#define KEY_TEXT_MAX (sizeof(KEY_PREFIX) + 44)

typedef struct Line {
        const char *host, *user, *password, *key; /* NULL: none */
} Line;

struct Logins {
        char *text;
        size_t size, count;
        Line lines[LINES_MAX];
};

static const char *or_none(const char *field)
{
        return field && !streq(field, "-") ? field : NULL;
}

/* 1 and a line; 0: there is nothing in it; -EINVAL. */
static int line_split(char *text, Line *ret)
{
        char *fields[FIELDS_MAX + 1] = {0}, *place = NULL;
        size_t n = 0;

        for (char *field = strtok_r(text, " \t\r", &place); field && n <= FIELDS_MAX;
             field = strtok_r(NULL, " \t\r", &place))
                fields[n++] = field;
        if (n == 0 || fields[0][0] == '#')
                return 0;
        if (n < 3 || n > FIELDS_MAX || (fields[3] && !startswith(fields[3], KEY_PREFIX)))
                return -EINVAL;
        *ret = (Line){fields[0], or_none(fields[1]), or_none(fields[2]), fields[3]};
        return 1;
}

int logins_read(const char *path, Logins **ret)
{
        Logins *l = calloc(1, sizeof(*l));
        char *place = NULL;
        int r = l ? file_read(path, FILE_SIZE_MAX, &l->text, &l->size) : -ENOMEM;

        for (char *line = r == 0 ? strtok_r(l->text, "\n", &place) : NULL; line && r >= 0;
             line = strtok_r(NULL, "\n", &place)) {
                r = l->count < LINES_MAX ? line_split(line, &l->lines[l->count]) : -EINVAL;
                l->count += r == 1;
        }
        if (r < 0) {
                logins_free(l);
                return r;
        }
        *ret = l;
        return 0;
}

void logins_free(Logins *l)
{
        if (!l)
                return;
        if (l->text)
                explicit_bzero(l->text, l->size);
        free(l->text);
        free(l);
}

Login logins_find(const Logins *l, const char *host)
{
        for (size_t i = 0; l && i < l->count; i++) {
                if (l->lines[i].user && strcasecmp(l->lines[i].host, host) == 0)
                        return (Login){l->lines[i].user, l->lines[i].password};
        }
        return (Login){NULL, NULL};
}

HostKey logins_judge_key(const Logins *l, const char *host, const char *key)
{
        HostKey verdict = HOST_KEY_UNKNOWN;

        for (size_t i = 0; l && i < l->count; i++) {
                const Line *line = &l->lines[i];

                if (!line->key || strcasecmp(line->host, host) != 0)
                        continue;
                if (streq(line->key, key))
                        return HOST_KEY_GOOD;
                verdict = HOST_KEY_WRONG;
        }
        return verdict;
}

/* As ssh-keygen -l writes it: base64 without its padding. */
static int key_text(const char *key, size_t size, char out[static KEY_TEXT_MAX])
{
        uint8_t digest[SHA256_SIZE];
        char *text = out + strlen(KEY_PREFIX);

        if (!EVP_Digest(key, size, digest, NULL, EVP_sha256(), NULL))
                return -ENOMEM;
        memcpy(out, KEY_PREFIX, sizeof(KEY_PREFIX));
        EVP_EncodeBlock((unsigned char *)text, digest, sizeof(digest));
        text[strcspn(text, "=")] = '\0';
        return 0;
}

/* OCPP has no word for a host's key. One that is pinned must be right. Without a pin, the user and
 * password that came with the order are sent all the same: the order is not worth more than the
 * host it names. Those of the credentials file are never sent to a host that isn't proven. */
static int on_host_key(void *userdata, int type _unused_, const char *key, size_t size)
{
        Way *w = userdata;
        char text[KEY_TEXT_MAX], *host = NULL;
        HostKey verdict = HOST_KEY_WRONG;

        if (key_text(key, size, text) == 0 &&
            curl_url_get(w->target, CURLUPART_HOST, &host, 0) == CURLUE_OK)
                verdict = logins_judge_key(w->logins, host, text);
        curl_free(host);
        if (verdict == HOST_KEY_UNKNOWN && !w->login_from_file) {
                fprintf(stderr, "the host key %s is not in the credentials file: taken unproven\n",
                        text);
                return CURLKHMATCH_OK;
        }
        if (verdict == HOST_KEY_GOOD)
                return CURLKHMATCH_OK;
        way_fail(true, "ssh", "", &w->failure);
        snprintf(w->failure.message, sizeof(w->failure.message),
                 "the host key %s is not in the credentials file%s", text,
                 verdict == HOST_KEY_WRONG ? ", which names another" : "");
        w->failed = true;
        return CURLKHMATCH_MISMATCH;
}

CURLcode way_set_host_key(Way *w)
{
        CURLcode r = curl_easy_setopt(w->easy, CURLOPT_SSH_HOSTKEYFUNCTION, on_host_key);

        return r ? r : curl_easy_setopt(w->easy, CURLOPT_SSH_HOSTKEYDATA, w);
}
