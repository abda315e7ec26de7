/* What logs and screens may show: see redact.h. */
#include "redact.h"
#include "json.h"
#include "verify.h"

/* Of a SHA-256 in hex: enough to tell one certificate from another. */
#define DIGEST_SHOWN 16

/* clang-format off */
static const char *const hashed_members[] = {"signingCertificate", "signature", "certificate", "certificateChain", "csr"};
static const char *const secret_members[] = {"basicAuthPassword", "password", "sharedSecret"};
/* Logins of networks (B09): nothing of them is shown. */
static const char *const secret_objects[] = {"apn", "vpn"};
/* Where one of these is set, the values beside it are secret (C16 9.1, WP3 A00, B05, B06). */
static const char *const secret_variables[] = {"AuthorizationKey", "BasicAuthPassword"};
static const char *const value_members[] = {"value", "attributeValue"};
/* clang-format on */

char *redact_url(const char *url)
{
        const char *host = strstr(url, "://"), *at = NULL;

        if (host) {
                host += 3;
                for (const char *p = host; *p && !strchr("/?#", *p); p++)
                        if (*p == '@')
                                at = p;
        }
        return at ? str_printf("%.*s%s", (int)(host - url), url, at + 1) : strdup(url);
}

/* A name that we would not take may still have been meant for a secret: blanks around it and its
 * case do not matter. */
static bool is_one_of(const char *name, const char *const *list, size_t n)
{
        static const char blanks[] = " \t\r\n\v\f";
        size_t size;

        if (!name)
                return false;
        name += strspn(name, blanks);
        size = strlen(name);
        while (size > 0 && strchr(blanks, name[size - 1]))
                size--;
        for (size_t i = 0; i < n; i++)
                if (size == strlen(list[i]) && strncasecmp(name, list[i], size) == 0)
                        return true;
        return false;
}

static char *redact_text(const cJSON *item, bool values_are_secret)
{
        const char *text = item->valuestring;
        char hex[2 * SHA256_SIZE + 1];

        if (is_one_of(item->string, secret_members, ELEMENTSOF(secret_members)) ||
            (values_are_secret &&
             is_one_of(item->string, value_members, ELEMENTSOF(value_members))))
                return strdup("(secret)");
        if (is_one_of(item->string, hashed_members, ELEMENTSOF(hashed_members))) {
                sha256_hex(text, strlen(text), hex);
                return str_printf("(SHA-256 %.*s)", DIGEST_SHOWN, hex);
        }
        return redact_url(text);
}

/* As deep as json_parse() lets it be. */
static bool redact_tree(cJSON *item, bool values_are_secret)
{
        if (cJSON_IsString(item)) {
                _cleanup_(freep) char *shown = redact_text(item, values_are_secret);

                return shown && cJSON_SetValuestring(item, shown);
        }
        if (is_one_of(item->string, secret_objects, ELEMENTSOF(secret_objects))) {
                cJSON_Delete(item->child);
                item->child = NULL;
        }
        for (cJSON *child = item->child; child; child = child->next)
                if (!redact_tree(child, values_are_secret))
                        return false;
        return true;
}

static bool names_a_secret(const cJSON *item)
{
        if (cJSON_IsString(item))
                return is_one_of(item->valuestring, secret_variables, ELEMENTSOF(secret_variables));
        for (const cJSON *child = item->child; child; child = child->next)
                if (names_a_secret(child))
                        return true;
        return false;
}

char *redact_frame(const char *text, size_t size)
{
        _cleanup_(cJSON_Deletep) cJSON *frame = NULL;
        int r = json_parse(text, size, &frame);

        if (r == -EBADMSG)
                return str_printf("(%zu bytes that are no JSON)", size);
        if (r < 0 || !redact_tree(frame, names_a_secret(frame)))
                return NULL;
        return cJSON_PrintUnformatted(frame);
}
