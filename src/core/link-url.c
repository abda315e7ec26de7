/* Splits the CSMS's URL: see link-url.h. */
#include <stdio.h>
#include <strings.h>

#include "link-url.h"

#define PORT_WS 80
#define PORT_WSS 443

static const char *take_scheme(const char *url, bool *ret_secure)
{
        *ret_secure = strncasecmp(url, "wss://", 6) == 0;
        if (*ret_secure)
                return url + 6;
        return strncasecmp(url, "ws://", 5) == 0 ? url + 5 : NULL;
}

static int copy_part(char *out, size_t room, const char *part, size_t size)
{
        if (size >= room)
                return -EINVAL;
        memcpy(out, part, size);
        out[size] = '\0';
        return 0;
}

/* "host", "host:9000", "[::1]", "[::1]:9000". */
static int split_authority(const char *text, size_t size, LinkUrl *u)
{
        const char *end = text + size, *host_end = end, *port = NULL, *colon;

        if (size > 0 && *text == '[') {
                if (!(host_end = memchr(text, ']', size)))
                        return -EINVAL;
                text++;
                port = host_end + 1;
                if (port != end && *port != ':')
                        return -EINVAL;
        } else if ((colon = memchr(text, ':', size))) {
                host_end = port = colon;
        }
        if (host_end == text ||
            copy_part(u->host, sizeof(u->host), text, (size_t)(host_end - text)))
                return -EINVAL;
        if (!port || port == end)
                return 0;
        return copy_part(u->service, sizeof(u->service), port + 1, (size_t)(end - port - 1));
}

static int read_port(LinkUrl *u)
{
        unsigned usual = u->secure ? PORT_WSS : PORT_WS, port = 0;

        if (!u->service[0])
                port = usual;
        for (const char *p = u->service; *p; p++) {
                if (*p < '0' || *p > '9')
                        return -EINVAL;
                port = port * 10 + (unsigned)(*p - '0');
        }
        if (port == 0 || port > UINT16_MAX)
                return -EINVAL;
        u->port = (uint16_t)port;
        snprintf(u->service, sizeof(u->service), "%u", port);
        snprintf(u->authority, sizeof(u->authority), strchr(u->host, ':') ? "[%s]" : "%s", u->host);
        if (port != usual) {
                size_t n = strlen(u->authority);

                snprintf(u->authority + n, sizeof(u->authority) - n, ":%u", port);
        }
        return 0;
}

int link_url_parse(const char *url, LinkUrl *ret)
{
        LinkUrl u = {0};
        const char *authority = take_scheme(url, &u.secure), *path;

        if (!authority)
                return -EINVAL;
        for (const char *p = authority; *p; p++)
                if (*p <= ' ' || *p > '~' || strchr("\"<>\\^`{|}#", *p))
                        return -EINVAL;
        path = authority + strcspn(authority, "/?");
        if (memchr(authority, '@', (size_t)(path - authority)))
                return -EINVAL;
        if (split_authority(authority, (size_t)(path - authority), &u) < 0 || read_port(&u) < 0)
                return -EINVAL;
        if ((size_t)snprintf(u.path, sizeof(u.path), "%s%s", *path == '/' ? "" : "/", path) >=
            sizeof(u.path))
                return -EINVAL;
        *ret = u;
        return 0;
}
