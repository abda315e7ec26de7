/* The opening handshake's small pieces: see link-http.h. */
#include <openssl/evp.h>
#include <stdio.h>

#include "link-http.h"

int link_basic_header(const char *user, const void *password, size_t password_size, char *out,
                      size_t room)
{
        static const char prefix[] = "Authorization: Basic ";
        unsigned char plain[LINK_USER_MAX + 1 + LINK_PASSWORD_MAX];
        size_t user_size = strlen(user), size = user_size + 1 + password_size,
               coded_size = 4 * ((size + 2) / 3), total = strlen(prefix) + coded_size + 2;

        if (size > sizeof(plain) || total + 1 > room)
                return -ENOBUFS;
        memcpy(plain, user, user_size);
        plain[user_size] = ':';
        if (password_size > 0)
                memcpy(plain + user_size + 1, password, password_size);
        memcpy(out, prefix, strlen(prefix));
        EVP_EncodeBlock((unsigned char *)out + strlen(prefix), plain, (int)size);
        explicit_bzero(plain, sizeof(plain));
        memcpy(out + total - 2, "\r\n", sizeof("\r\n"));
        return (int)total;
}

bool link_offers(const char *list, const char *name)
{
        size_t n = strlen(name);

        while (*list) {
                size_t word = strcspn(list, ", ");

                if (word == n && n > 0 && strncmp(list, name, n) == 0)
                        return true;
                list += word;
                list += strspn(list, ", ");
        }
        return false;
}

LinkEnd link_end_of_status(unsigned status)
{
        static const struct {
                unsigned status;
                LinkEnd end;
        } table[] = {
                {401, LINK_UNAUTHORIZED},
                {403, LINK_UNAUTHORIZED},
                {404, LINK_UNKNOWN},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (table[i].status == status)
                        return table[i].end;
        return LINK_NOT_AGREED;
}

const char *link_end_to_string(LinkEnd end)
{
        /* clang-format off */
        static const char *const words[LINK_END_MAX] = {
                [LINK_CLOSED]          = "closed",
                [LINK_UNREACHABLE]     = "unreachable",
                [LINK_TLS_FAILED]      = "tls-failed",
                [LINK_BAD_CERTIFICATE] = "bad-certificate",
                [LINK_BAD_TLS_VERSION] = "bad-tls-version",
                [LINK_BAD_TLS_CIPHER]  = "bad-tls-cipher",
                [LINK_UNAUTHORIZED]    = "unauthorized",
                [LINK_UNKNOWN]         = "unknown-station",
                [LINK_NOT_AGREED]      = "not-agreed",
        };
        /* clang-format on */

        return (unsigned)end < LINK_END_MAX ? words[end] : "?";
}
