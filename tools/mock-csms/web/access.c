/* See access.h. */
#include "access.h"
#include "log.h"
#include <arpa/inet.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <strings.h>
#include <sys/stat.h>

#define DIGEST_SIZE 32 /* SHA-256 */

/* Of tokens only the digests are kept: all as long, so that comparing them tells nothing by the
 * time that it takes. */
typedef struct Token {
        Role role;
        unsigned char digest[DIGEST_SIZE];
} Token;

struct Tokens {
        size_t count;
        Token items[TOKENS_MAX];
};

static int digest(const char *text, unsigned char out[static DIGEST_SIZE])
{
        unsigned size = DIGEST_SIZE;
        int ok = EVP_Digest(text, strlen(text), out, &size, EVP_sha256(), NULL);
        return ok == 1 ? 0 : -ENOMEM;
}

static bool is_token(const char *text)
{
        static const char allowed[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";
        size_t n = strlen(text);
        return n >= TOKEN_MIN && n <= TOKEN_MAX && strspn(text, allowed) == n;
}

/* 0; -EINVAL: no such line; -E2BIG: too many; -ENOMEM. */
static int take_line(Tokens *tokens, char *line)
{
        static const char *const roles[] = {[ROLE_READ] = "read", [ROLE_OPERATOR] = "operator"};
        char *colon = strchr(line, ':');
        if (!colon || !is_token(colon + 1))
                return -EINVAL;
        *colon = '\0';
        for (size_t i = 0; i < ELEMENTSOF(roles); i++) {
                if (!streq(roles[i], line))
                        continue;
                if (tokens->count == TOKENS_MAX)
                        return -E2BIG;
                Token *token = &tokens->items[tokens->count++];
                token->role = (Role)i;
                return digest(colon + 1, token->digest);
        }
        return -EINVAL;
}

static int parse(Tokens *tokens, const char *path, char *text)
{
        size_t number = 0;
        for (char *line; (line = strsep(&text, "\n"));) {
                number++;
                line = str_strip(line);
                int r = !*line || *line == '#' ? 0 : take_line(tokens, line);
                if (r == -EINVAL)
                        return log_full(LOG_ERR, r,
                                        "%s, line %zu: expected read:TOKEN or operator:TOKEN, a "
                                        "token of %d to %d letters, digits and -._~+/=",
                                        path, number, TOKEN_MIN, TOKEN_MAX);
                if (r < 0)
                        return log_error_errno(r, "%s, line %zu", path, number);
        }
        if (tokens->count == 0)
                return log_error_errno(-ENODATA, "%s has no token", path);
        return 0;
}

int tokens_load(const char *path, Tokens **ret)
{
        struct stat info;
        _cleanup_(tokens_freep) Tokens *tokens = calloc(1, sizeof(*tokens));
        char *text = NULL;
        size_t size = 0;
        if (!tokens)
                return log_error_errno(-ENOMEM, "Can't read %s", path);
        if (stat(path, &info) < 0)
                return log_error_errno(-errno, "Can't read %s", path);
        if (info.st_mode & (S_IRWXO | S_IWGRP))
                return log_error_errno(-EPERM,
                                       "%s has mode %04o: others may not read or write a file of "
                                       "tokens, give it 0600",
                                       path, (unsigned)info.st_mode & 07777);
        int r = file_read(path, TOKENS_FILE_MAX, &text, &size);
        if (r < 0)
                return log_error_errno(r, "Can't read %s", path);
        r = strlen(text) == size ? parse(tokens, path, text)
                                 : log_error_errno(-EINVAL, "%s has a NUL byte", path);
        explicit_bzero(text, size);
        free(text);
        if (r == 0)
                *ret = TAKE_PTR(tokens);
        return r;
}

void tokens_free(Tokens *tokens)
{
        free(tokens);
}

/* All are compared, whichever it is. NULL: none of them. */
static const Token *find_token(const Tokens *tokens, const char *text)
{
        unsigned char given[DIGEST_SIZE];
        const Token *found = NULL;
        if (digest(text, given) < 0)
                return NULL;
        for (size_t i = 0; i < tokens->count; i++)
                if (CRYPTO_memcmp(given, tokens->items[i].digest, DIGEST_SIZE) == 0)
                        found = &tokens->items[i];
        return found;
}

/* The host of "name:port" or "[address]:port", in lower case, without brackets. false: it is none.
 */
static bool read_host(const char *text, char out[static ACCESS_HEADER_MAX])
{
        bool bracket = *text == '[';
        size_t n = strcspn(text + bracket, bracket ? "]" : ":");
        const char *rest = text + bracket + n;
        if (n == 0 || n >= ACCESS_HEADER_MAX || (bracket && *rest++ != ']'))
                return false;
        if (*rest && (*rest != ':' || rest[1 + strspn(rest + 1, "0123456789")]))
                return false;
        memcpy(out, text + bracket, n);
        out[n] = '\0';
        return true;
}

/* Whether a page that a browser got from there comes from this machine, whatever the DNS says. */
static bool is_local_name(const char *host)
{
        char name[ACCESS_HEADER_MAX];
        struct in_addr v4;
        struct in6_addr v6;
        if (!read_host(host, name))
                return false;
        if (strcasecmp(name, "localhost") == 0)
                return true;
        if (inet_pton(AF_INET, name, &v4) == 1)
                return ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET;
        return inet_pton(AF_INET6, name, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* Whether the request comes from a page of another host (RFC 6454, 7). */
static bool is_foreign(const AccessFacts *facts)
{
        const char *rest = facts->origin;
        if (!rest)
                return false;
        const char *host = startswith(rest, "https://");
        if (!host && !facts->is_tls) /* without TLS a proxy may have it for us */
                host = startswith(rest, "http://");
        return !host || strcasecmp(host, facts->host) != 0;
}

static Access refuse(unsigned status, const char *sentence)
{
        return (Access){.status = status, .sentence = sentence};
}

static Access decide_by_token(const Tokens *tokens, const char *authorization)
{
        static const char scheme[] = "Bearer ";
        if (!*authorization)
                return (Access){.status = 401,
                                .sentence = "This needs a token: Authorization: Bearer TOKEN.",
                                .challenge = "Bearer realm=\"mock-csms\""};
        const Token *token = NULL;
        if (strncasecmp(authorization, scheme, strlen(scheme)) == 0)
                token = find_token(tokens, authorization + strlen(scheme) +
                                                   strspn(authorization + strlen(scheme), " "));
        if (!token)
                return (Access){.status = 401,
                                .sentence = "This token is not known.",
                                .challenge = "Bearer realm=\"mock-csms\", error=\"invalid_token\"",
                                .has_a_wrong_token = true};
        return (Access){.role = token->role};
}

Access access_decide_open(const AccessFacts *facts)
{
        if (is_foreign(facts))
                return refuse(403, "A page of another host may not do this.");
        return (Access){.role = ROLE_READ};
}

Access access_decide(const Tokens *tokens, const AccessFacts *facts)
{
        Access open = access_decide_open(facts);
        if (open.status)
                return open;
        if (!tokens && !facts->is_local)
                return refuse(403, "From elsewhere than this machine REST needs TLS and a token: "
                                   "mock-csms wants --tls-cert, --tls-key and --tokens for it.");
        if (!tokens && !is_local_name(facts->host))
                return refuse(403, "Without --tokens the host in the URL must be localhost or an "
                                   "address of the loopback.");
        if (!tokens)
                return (Access){.role = ROLE_OPERATOR};
        if (!facts->is_tls && !facts->is_local)
                return refuse(403, "From elsewhere than this machine REST needs TLS: mock-csms "
                                   "wants --tls-cert and --tls-key for it.");
        return decide_by_token(tokens, facts->authorization);
}
