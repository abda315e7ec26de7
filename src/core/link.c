/* A link's state, its timers and the public calls: see link.h; the edge to lws is link-lws.c.
 *
 * Life of a Link: idle → link_connect() → busy (→ open) → link_finish() → on_end → idle.
 * link_finish() may be called as often as there are reasons; the first wins and cuts the tie to
 * lws' connection, so nothing that lws says later about that connection reaches us. */
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>

#include "link-http.h"
#include "link-priv.h"

#define PROTOCOLS_TEXT_MAX 128
/* How late a ping or a deadline may come, so that the machine wakes up for several at once. */
#define TIMER_SLACK_USEC (USEC_PER_SEC / 4)

void link_quiet(sd_event_source *source)
{
        (void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
}

void link_finish(Link *link, LinkEnd end, const char *format, ...)
{
        va_list ap;

        if (!link->busy || link->finished)
                return;
        link->finished = true;
        link->open = false;
        link->end = end;
        va_start(ap, format);
        vsnprintf(link->reason, sizeof(link->reason), format, ap);
        va_end(ap);
        link_wire_let_go(link);
        link_quiet(link->deadline);
        link_quiet(link->ping);
        link_queue_clear(&link->tx);
        link_message_clear(&link->rx);
        (void)sd_event_source_set_enabled(link->ended, SD_EVENT_ONESHOT);
}

void link_finish_closed(Link *link)
{
        if (link->close_code == LINK_CLOSE_TOO_LONG)
                link_finish(link, LINK_CLOSED, "a message was longer than %zu bytes",
                            link->max_frame_bytes);
        else if (link->closing)
                link_finish(link, LINK_CLOSED, "closed");
        else if (link->peer_close[0])
                link_finish(link, LINK_CLOSED, "closed by the server%s", link->peer_close);
        else
                link_finish(link, LINK_CLOSED, "the connection was lost");
}

bool link_closed_by_peer(const Link *link)
{
        return !link->closing && link->peer_close[0];
}

static int on_ended(sd_event_source *source, void *userdata)
{
        Link *link = userdata;
        char reason[LINK_REASON_MAX];

        (void)source;
        memcpy(reason, link->reason, sizeof(reason));
        link->busy = false;
        link->handlers.on_end(link->userdata, link->end, reason);
        return 0;
}

void link_arm(sd_event_source *source, usec_t in_usec)
{
        (void)sd_event_source_set_time(source, boottime_now() + in_usec);
        (void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
        Link *link = userdata;
        unsigned seconds = (unsigned)(link->connect_timeout_usec / USEC_PER_SEC);

        (void)source, (void)usec;
        if (link->open)
                link_finish_closed(link);
        else
                link_finish(link, LINK_UNREACHABLE, "no connection within %u s (%s)", seconds,
                            link->request_sent ? "no answer to the request"
                            : link->tls && link_tls_in_handshake(link->tls) ? "in the TLS handshake"
                                                                            : "no answer at all");
        return 0;
}

/* Finds a half-open connection: the peer has gone and TCP has not noticed. A peer may take as long
 * as it may to connect: where pings come faster than the link is, no connection would stay long
 * enough for them to be set right. */
static int on_ping_time(sd_event_source *source, uint64_t usec, void *userdata)
{
        Link *link = userdata;
        usec_t patience = MAX(link->ping_interval_usec, link->connect_timeout_usec);
        usec_t now = boottime_now();

        (void)usec;
        if (link->ping_unanswered && now < link->pinged_at + patience) {
                link_arm(source, link->pinged_at + patience - now);
                return 0;
        }
        if (link->ping_unanswered) {
                link_finish(link, LINK_CLOSED, "no answer to a ping within %.1f s",
                            (double)patience / (double)USEC_PER_SEC);
                return 0;
        }
        link->pinged_at = now;
        link->ping_due = link->ping_unanswered = true;
        link_wire_want_write(link);
        link_arm(source, link->ping_interval_usec);
        return 0;
}

void link_set_ping_interval(Link *link, usec_t interval)
{
        link->ping_interval_usec = interval;
        link_quiet(link->ping);
        if (link->open && interval > 0)
                link_arm(link->ping, interval);
}

static int check_config(const LinkConfig *c)
{
        if (!c->protocols || strlen(c->protocols) > PROTOCOLS_TEXT_MAX || c->max_frame_bytes == 0 ||
            c->connect_timeout_usec == 0)
                return -EINVAL;
        if (c->user && (strlen(c->user) > LINK_USER_MAX || strchr(c->user, ':')))
                return -EINVAL;
        return 0;
}

static int copy_config(Link *link, const LinkConfig *c)
{
        int r = link_url_parse(c->url, &link->url);

        if (r < 0)
                return r;
        link->connect_timeout_usec = c->connect_timeout_usec;
        link->ping_interval_usec = c->ping_interval_usec;
        link->max_frame_bytes = c->max_frame_bytes;
        if (str_replace(&link->protocols, c->protocols) < 0 ||
            str_replace(&link->user, c->user) < 0)
                return -ENOMEM;
        r = link_set_password(link, c->password, c->password_size);
        if (r < 0 || !link->url.secure)
                return r;
        return link_tls_new(link->url.host, c->ca_file, c->use_system_roots, &link->tls);
}

static int add_sources(Link *link)
{
        sd_event *e = link->loop->event;
        int r = sd_event_add_time(e, &link->deadline, CLOCK_BOOTTIME, 0, TIMER_SLACK_USEC,
                                  on_deadline, link);

        if (r < 0)
                return r;
        link_quiet(link->deadline);
        r = sd_event_add_time(e, &link->ping, CLOCK_BOOTTIME, 0, TIMER_SLACK_USEC, on_ping_time,
                              link);
        if (r < 0)
                return r;
        link_quiet(link->ping);
        r = sd_event_add_defer(e, &link->ended, on_ended, link);
        if (r < 0)
                return r;
        link_quiet(link->ended);
        return 0;
}

int link_new(Loop *loop, const LinkConfig *config, const LinkHandlers *handlers, void *userdata,
             Link **ret)
{
        _cleanup_(link_freep) Link *link = calloc(1, sizeof(*link));
        int r;

        if (!link)
                return -ENOMEM;
        link->loop = loop;
        link->handlers = *handlers;
        link->userdata = userdata;
        r = check_config(config);
        if (r == 0)
                r = copy_config(link, config);
        if (r == 0)
                r = add_sources(link);
        if (r == 0)
                r = link_wire_new(link);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(link);
        return 0;
}

void link_free(Link *link)
{
        if (!link)
                return;
        sd_event_source_disable_unref(link->deadline);
        sd_event_source_disable_unref(link->ping);
        sd_event_source_disable_unref(link->ended);
        link_wire_free(link);
        link_tls_free(link->tls);
        link_queue_clear(&link->tx);
        link_message_clear(&link->rx);
        (void)link_set_password(link, NULL, 0);
        free(link->protocols);
        free(link->user);
        free(link);
}

const char *link_host(const Link *link)
{
        return link->url.host;
}

const char *link_service(const Link *link)
{
        return link->url.service;
}

/* lws hands the address to getaddrinfo(), which must not begin to ask the network. */
static bool is_numeric(const char *address)
{
        struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM}, *found;

        if (getaddrinfo(address, NULL, &hints, &found) != 0)
                return false;
        freeaddrinfo(found);
        return true;
}

void link_judge_dates_by(Link *link, usec_t when)
{
        if (link->tls)
                link_tls_judge_dates_by(link->tls, when);
}

bool link_dates_hold(const Link *link, usec_t when)
{
        return !link->tls || link_tls_dates_hold(link->tls, when);
}

int link_add_roots(Link *link, const char *file)
{
        return link->tls ? link_tls_add_roots(link->tls, file) : 0;
}

bool link_is_encrypted(const Link *link)
{
        return link->tls;
}

const uint8_t *link_root(const Link *link)
{
        return link->tls && link->open ? link_tls_root(link->tls) : NULL;
}

/* What the last connection left. */
static void begin(Link *link)
{
        link->busy = true;
        link->finished = link->open = link->closing = link->close_sent = link->request_sent = false;
        link->ping_due = link->ping_unanswered = false;
        link->close_code = LINK_CLOSE_NORMAL;
        link->refusal = NULL;
        link->protocol[0] = link->peer_close[0] = '\0';
        if (link->tls)
                link_tls_reset(link->tls);
        link_arm(link->deadline, link->connect_timeout_usec);
}

int link_connect(Link *link, const char *address)
{
        if (link->busy)
                return -EALREADY;
        if (!is_numeric(address))
                return -EINVAL;
        begin(link);
        link_wire_connect(link, address);
        return 0;
}

bool link_is_open(const Link *link)
{
        return link->open && !link->closing;
}

int link_send(Link *link, const char *text, size_t size)
{
        int r;

        if (!link_is_open(link))
                return -ENOTCONN;
        r = link_queue_add(&link->tx, text, size, LINK_HEADROOM, 4 * link->max_frame_bytes);
        if (r == 0)
                link_wire_want_write(link);
        return r;
}

void link_close(Link *link)
{
        if (!link->open) {
                link_finish(link, LINK_CLOSED, "closed before there was a connection");
        } else if (!link->closing) {
                link->closing = true;
                link_quiet(link->ping);
                link_arm(link->deadline, LINK_CLOSE_TIMEOUT_USEC);
                link_wire_want_write(link);
        }
}

int link_set_password(Link *link, const void *password, size_t size)
{
        void *copy = NULL;

        if (size > LINK_PASSWORD_MAX)
                return -EINVAL;
        if (size > 0) {
                if (!(copy = malloc(size)))
                        return -ENOMEM;
                memcpy(copy, password, size);
        }
        if (link->password)
                explicit_bzero(link->password, link->password_size);
        free(link->password);
        link->password = copy;
        link->password_size = size;
        return 0;
}
