/* Connecting: the worker finds the addresses, link connects to one after the other, back-off spaces
 * the rounds. */
#include "agent-private.h"

static int on_reconnect(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata);

/* After an attempt that came to nothing, or a connection that has ended. */
static void wait_and_reconnect(Agent *a)
{
        usec_t wait = backoff_next(&a->backoff, random_below_or_equal(UINT64_MAX));

        network_ended(a);
        a->waiting_since = boottime_now();
        log_info("Connecting again in %.1f s", (double)wait / (double)USEC_PER_SEC);
        agent_timer(a, &a->reconnect_timer, wait, on_reconnect);
}

static void addresses_clear(Agent *a)
{
        for (size_t i = 0; i < a->address_count; i++)
                free(TAKE_PTR(a->addresses[i]));
        a->address_count = a->address_next = 0;
}

static void connect_next(Agent *a)
{
        int r;

        link_judge_dates_by(a->link, clock_for_tls(a));
        r = link_connect(a->link, a->addresses[a->address_next++]);

        if (r < 0) {
                log_warning_errno(r, "Can't connect to the CSMS");
                wait_and_reconnect(a);
        }
}

static void on_addresses(void *userdata, const char *const *addresses, size_t count)
{
        Agent *a = userdata;

        transfer_cancel(TAKE_PTR(a->resolve));
        addresses_clear(a);
        for (size_t i = 0; i < count && i < TRANSFER_ADDRESSES_MAX; i++)
                if (str_replace(&a->addresses[a->address_count], addresses[i]) == 0)
                        a->address_count++;
        if (a->address_count > 0)
                connect_next(a);
        else
                wait_and_reconnect(a);
}

static void on_resolve_failed(void *userdata, const TransferFailure *failure)
{
        Agent *a = userdata;

        log_warning("Can't find the address of %s: %s", link_host(a->link), failure->message);
        transfer_cancel(TAKE_PTR(a->resolve));
        wait_and_reconnect(a);
}

static void resolve(Agent *a)
{
        static const TransferHandlers handlers = {.on_addresses = on_addresses,
                                                  .on_failed = on_resolve_failed};
        int r = transfer_resolve(a->parts.event, a->parts.worker, link_host(a->link),
                                 link_service(a->link), &handlers, a, &a->resolve);

        if (r < 0) {
                log_error_errno(r, "Can't start %s", a->parts.worker);
                wait_and_reconnect(a);
        }
}

static int on_reconnect(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        Agent *a = userdata;

        agent_timer_off(&a->reconnect_timer);
        connect_start(a);
        return 0;
}

const Dialect *connect_dialect_of(const Agent *a, const char *protocol)
{
        for (const Dialect *const *d = a->parts.dialects; *d; d++)
                if (streq((*d)->subprotocol, protocol))
                        return *d;
        return NULL;
}

static void on_open(void *userdata, const char *protocol)
{
        Agent *a = userdata;

        a->dialect = connect_dialect_of(a, protocol);
        if (!a->dialect) {
                log_error("The CSMS picked %.40s, which was not offered", protocol);
                link_close(a->link);
                return;
        }
        addresses_clear(a);
        a->dates_refused = false;
        log_event(LOG_NOTICE, EVENT_CONNECTED, &(LogFields){0},
                  "Connected to the CSMS with OCPP %s", a->dialect->name);
        if (network_opened(a))
                session_moved(a);
        session_opened(a);
        show_update(a);
}

static void on_text(void *userdata, const char *text, size_t size)
{
        Agent *a = userdata;
        int r;

        logs_keep_frame(a, '<', text, size);
        a->frame_bytes = size;
        r = rpc_feed(a->rpc, text, size);
        if (r < 0)
                log_error_errno(r, "A message of the CSMS was lost");
        else if (r == RPC_UNREADABLE)
                log_warning("A message of the CSMS (%zu bytes) is no OCPP-J frame and was dropped",
                            size);
        else if (r == RPC_UNKNOWN_TYPE)
                log_warning("A message of the CSMS has an unknown message type and was dropped");
        else if (r == RPC_UNWANTED)
                log_info("The CSMS asked for something though it rejects this station");
        else if (r == RPC_NOT_AWAITED)
                log_warning("The CSMS answered a message that waits for no answer (late or twice); "
                            "dropped");
        else if (r == RPC_SENT)
                log_info("The CSMS sent a message that wants no answer, and none of them is for "
                         "this station; dropped");
}

static void on_binary(void *userdata _unused_, size_t size)
{
        log_warning("The CSMS sent a binary message (%zu bytes); OCPP-J has none, dropped", size);
}

/* Told once, however often it is tried again. */
static void tell_end(Agent *a, LinkEnd end)
{
        static const struct {
                LinkEnd end;
                SecurityEventType event;
        } events[] = {
                {LINK_UNAUTHORIZED, SECURITY_FAILED_TO_AUTHENTICATE},
                {LINK_BAD_CERTIFICATE, SECURITY_INVALID_CSMS_CERTIFICATE},
                {LINK_BAD_TLS_VERSION, SECURITY_INVALID_TLS_VERSION},
                {LINK_BAD_TLS_CIPHER, SECURITY_INVALID_TLS_CIPHER_SUITE},
        };

        for (size_t i = 0; i < ELEMENTSOF(events); i++)
                if (events[i].end == end && a->last_end != end)
                        agent_security_event(a, events[i].event, NULL);
        a->last_end = end;
}

void connect_refuse_dates(Agent *a)
{
        a->dates_refused = true;
        link_close(a->link);
}

static void on_end(void *userdata, LinkEnd end, const char *reason)
{
        Agent *a = userdata;
        bool was_open = a->dialect;

        if (was_open && a->dates_refused) {
                end = LINK_BAD_CERTIFICATE;
                reason = "the server's certificate is not valid at the time that the CSMS tells";
        }
        if (was_open)
                a->online_until = boottime_now();
        a->dialect = NULL;
        session_closed(a);
        agent_event(a, EV_OFFLINE);
        log_event(was_open ? LOG_NOTICE : LOG_WARNING, EVENT_DISCONNECTED, &(LogFields){0},
                  "%s: %s%s%s",
                  was_open ? "Connection to the CSMS ended" : "Can't connect to the CSMS",
                  link_end_to_string(end), reason && *reason ? ": " : "", strempty(reason));
        show_update(a);
        tell_end(a, end);
        if (!was_open && end != LINK_UNREACHABLE)
                backoff_took(&a->backoff, boottime_now() - a->waiting_since);
        if (end == LINK_UNREACHABLE && a->address_next < a->address_count)
                connect_next(a);
        else
                wait_and_reconnect(a);
}

void connect_again(Agent *a)
{
        if (a->dialect)
                link_close(a->link);
}

/* 1.6's AuthorizationKey is given in hex and sent as bytes (J16 6.2), where it is one; 2.x
 * passwords are sent as they are. The password is chosen before the CSMS has picked a version: by
 * the version that is offered first. */
static size_t password_bytes(const Agent *a, char *password)
{
        const Dialect *first = connect_dialect_of(a, a->config->protocols[0]);
        size_t n = strlen(password);

        if (!first || !first->password_is_hex || n < 32 || n > 40 || n % 2 ||
            strspn(password, "0123456789abcdefABCDEF") != n ||
            hex_decode(password, password, n / 2) < 0)
                return n;
        return n / 2;
}

/* By the profile that was chosen. 0 and *ret; AGENT_BAD_CONFIG or other negative errno, logged. */
static int make_link(Agent *a, Link **ret)
{
        static const LinkHandlers handlers = {
                .on_open = on_open, .on_text = on_text, .on_binary = on_binary, .on_end = on_end};
        const Config *c = a->config;
        _cleanup_(freep) char *password = NULL, *protocols = str_join(c->protocols, ", "),
                              *url = network_station_url(a->network.profile.url, c->identity);
        int r = config_read_password(c, &password);

        if (r < 0) {
                log_error("[csms] password_file: %s can't be read, or is not one line with a "
                          "password",
                          c->password_file);
                return AGENT_BAD_CONFIG;
        }

        LinkConfig config = {.url = url,
                             .protocols = protocols,
                             .user = password ? c->identity : NULL,
                             .password = password,
                             .password_size = password ? password_bytes(a, password) : 0,
                             .ca_file = c->csms_ca_file,
                             .use_system_roots = c->use_system_roots,
                             .connect_timeout_usec = c->connect_timeout,
                             .ping_interval_usec = c->ping_interval,
                             .max_frame_bytes = c->max_frame};
        r = url && protocols ? link_new(a->parts.loop, &config, &handlers, a, ret) : -ENOMEM;
        if (password)
                explicit_bzero(password, strlen(password));
        if (r == -EBADMSG) {
                log_error("[csms] ca_file: %s holds no certificate that can be used",
                          strempty(c->csms_ca_file));
                return AGENT_BAD_CONFIG;
        }
        return r < 0 ? log_error_errno(r, "Can't connect to %s", a->network.profile.url) : 0;
}

/* Another profile was chosen: a link of its own takes the place of the one that is idle. */
static int relink(Agent *a)
{
        Link *link = NULL;
        int r = make_link(a, &link);

        if (r < 0)
                return r;
        link_free(a->link);
        a->link = link;
        a->network.linked_slot = a->network.slot;
        roots_tell_link(a);
        agent_vars_apply(a);
        return 0;
}

/* Statuses belong to the CSMS that ordered the update: after a move they mean nothing to the new
 * one, which hears of the version by BootNotification. A move is another host in csms.url, for
 * which the link stands here: wherever the CSMS itself sends the station, it is the same one. */
static int check_csms(Agent *a)
{
        _cleanup_(freep) char *old = NULL;
        int r = store_get(a->store, STORE_CSMS, &old);

        if (r == 0 && old && !streq(old, link_host(a->link))) {
                log_notice("The CSMS is now %s, was %s: what was still to be said to the old one "
                           "of its updates is dropped, and no logs are sent for it any more",
                           link_host(a->link), old);
                a->job.silent = 1;
                r = store_outbox_drop_statuses(a->store);
                if (r == 0)
                        r = logs_forget(a);
                if (r == 0)
                        r = network_forget(a);
                if (r == 0)
                        r = agent_save(a);
        }
        if (r == 0 && !str_equal(old, link_host(a->link)))
                r = store_set(a->store, STORE_CSMS, link_host(a->link));
        if (r == 0)
                r = network_load(a);
        return r < 0 ? log_error_errno(r, "Can't use the store in %s", a->config->state_directory)
                     : 0;
}

int connect_init(Agent *a)
{
        int r = network_init(a);

        if (r < 0)
                return log_error_errno(r, "Can't make the connection");
        r = make_link(a, &a->link);
        if (r < 0)
                return r;
        roots_tell_link(a);
        return check_csms(a);
}

void connect_start(Agent *a)
{
        if (a->network.slot == a->network.linked_slot || relink(a) == 0)
                resolve(a);
        else
                wait_and_reconnect(a);
}

void connect_done(Agent *a)
{
        transfer_cancel(TAKE_PTR(a->resolve));
        link_free(TAKE_PTR(a->link));
        network_done(a);
        addresses_clear(a);
        agent_timer_off(&a->reconnect_timer);
}
