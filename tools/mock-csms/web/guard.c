/* See guard.h. */
#include "guard.h"
#include "log.h"
#include <inttypes.h>
#include <netinet/in.h>

/* Wrong tokens are logged so often at most. */
#define LOG_EVERY (10 * USEC_PER_SEC)

static bool is_loopback(const struct sockaddr_storage *address)
{
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
        const struct in6_addr *v6 = &((const struct sockaddr_in6 *)address)->sin6_addr;
        if (address->ss_family == AF_INET)
                return ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
        if (address->ss_family != AF_INET6)
                return false;
        return IN6_IS_ADDR_LOOPBACK(v6) ||
               (IN6_IS_ADDR_V4MAPPED(v6) && v6->s6_addr[12] == IN_LOOPBACKNET);
}

static bool is_local(struct lws *wsi)
{
        struct sockaddr_storage address = {0};
        socklen_t size = sizeof(address);
        return getpeername(lws_get_socket_fd(wsi), (struct sockaddr *)&address, &size) == 0 &&
               is_loopback(&address);
}

static void log_wrong_token(struct lws *wsi)
{
        char peer[64] = "?";
        static const char mapped[] = "::ffff:"; /* IPv4, as lws says it */
        Web *web = web_of(wsi);
        usec_t now = boottime_now();
        web->wrong_tokens++;
        if (web->wrong_token_logged > 0 && now - web->wrong_token_logged < LOG_EVERY)
                return;
        lws_get_peer_simple(wsi, peer, sizeof(peer));
        log_warning("A wrong token came from %s; %" PRIu64 " since the last such line",
                    startswith(peer, mapped) ? peer + strlen(mapped) : peer, web->wrong_tokens);
        web->wrong_token_logged = now;
        web->wrong_tokens = 0;
}

/* The value of a header; one that is too long can't be right and is "?". */
static const char *read_header(struct lws *wsi, enum lws_token_indexes token,
                               char out[static ACCESS_HEADER_MAX])
{
        if (lws_hdr_total_length(wsi, token) == 0)
                return "";
        return lws_hdr_copy(wsi, out, ACCESS_HEADER_MAX, token) > 0 ? out : "?";
}

Access guard_request(struct lws *wsi, const HttpRequest *request)
{
        char host[ACCESS_HEADER_MAX], origin[ACCESS_HEADER_MAX], authorization[ACCESS_HEADER_MAX];
        AccessFacts facts = {
                .is_tls = lws_is_ssl(wsi),
                .is_local = is_local(wsi),
                .host = read_header(wsi, WSI_TOKEN_HOST, host),
                .authorization = read_header(wsi, WSI_TOKEN_HTTP_AUTHORIZATION, authorization),
        };
        if (lws_hdr_total_length(wsi, WSI_TOKEN_ORIGIN) > 0)
                facts.origin = read_header(wsi, WSI_TOKEN_ORIGIN, origin);
        Access access = {.role = ROLE_READ};
        if (startswith(request->path, "/api/"))
                access = access_decide(web_of(wsi)->tokens, &facts);
        else if (request->method != HTTP_GET && request->method != HTTP_HEAD)
                access = access_decide_open(&facts);
        explicit_bzero(authorization, sizeof(authorization));
        if (access.has_a_wrong_token)
                log_wrong_token(wsi);
        return access;
}
