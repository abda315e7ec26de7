/* See server.h. */
#include "server.h"
#include "hook.h"
#include "log.h"
#include "push.h"
#include "state-station.h"
#include "web.h"
#include <fcntl.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <uv.h>

/* Connections at a time. */
#define FILES_OPEN_MAX 65536
/* Bytes read at a time: more than a TLS record. On libuv, lws looks only once for what is left of a
 * record that was read in part, and would then wait for the peer's next one. */
#define READ_SIZE 20000
/* Bytes of a WebSocket message that are handed over at a time: lws keeps a buffer of so many for
 * each connection, and most messages are shorter. */
#define RECEIVE_SIZE 1024
/* HTTP and all versions of OCPP. */
#define PROTOCOLS_MAX (1 + API_PROTOCOLS_MAX)
/* Deadlines are met this much late at most, so that 10,000 of them don't wake us 10,000 times. */
#define TICK_MSEC 10

typedef struct Server {
        struct lws_protocols protocols[PROTOCOLS_MAX + 1]; /* spoken; ends with an empty one */
        Service service;
        Web web;
        Trace *trace;
        StateStations *stations;
        usec_t flush_at; /* USEC_INFINITY: nothing to be flushed */
        uv_loop_t loop;
        uv_timer_t timer;
        usec_t timer_at; /* USEC_INFINITY: not set */
        bool is_ticking; /* the timer is being served */
        uv_prepare_t prepare;
        uv_signal_t signals[2];
        struct lws_context *context; /* set to NULL by lws when it has freed it */
        bool stopping;
        ScenarioRun *run; /* borrowed; NULL: none */
        const char *hook_program;
        Hook *hook; /* NULL: does not run */
} Server;

static void wake_at(void *userdata, usec_t when);
static void stop(Server *server);

/* What can't be written is told by the log, and is lost. */
static void flush_if_due(Server *server, usec_t now)
{
        if (now < server->flush_at)
                return;
        server->flush_at = USEC_INFINITY;
        (void)state_flush(server->service.state);
}

static void on_timer(uv_timer_t *timer)
{
        Server *server = timer->data;
        server->timer_at = USEC_INFINITY;
        server->is_ticking = true;
        usec_t now = boottime_now();
        const Service *service = &server->service;
        const usec_t next[] = {
                server->run ? run_tick(server->run, now) : USEC_INFINITY,
                csms_tick(service->csms, now),
                logs_tick(service->logs, now),
                rollouts_tick(service->rollouts),
                pusher_tick(service->pusher, now),
                state_frames_tick(service->frames, now),
        };
        flush_if_due(server, now);
        for (size_t i = 0; i < ELEMENTSOF(next); i++)
                wake_at(server, next[i]);
        wake_at(server, server->flush_at);
        server->is_ticking = false;
        if (server->run && run_is_over(server->run))
                stop(server);
}

/* Before the loop waits: what a peer sees is in the trace and on the disk by then. */
static void on_prepare(uv_prepare_t *prepare)
{
        Server *server = prepare->data;
        trace_flush(server->trace);
        if (server->service.rollouts)
                rollouts_flush(server->service.rollouts);
        ws_send_all(&server->web);
}

/* Work in slices is to let connections have their turn between two of them: libuv before 1.45
 * serves a timer that is set anew by itself, for now, before anything else. */
static void wake_at(void *userdata, usec_t when)
{
        Server *server = userdata;
        usec_t now = boottime_now();
        uint64_t at_once = server->is_ticking ? 1 : 0;
        if (when >= server->timer_at || uv_is_closing((uv_handle_t *)&server->timer))
                return;
        server->timer_at = when;
        uv_timer_start(&server->timer, on_timer,
                       when > now ? (when - now) / USEC_PER_MSEC + TICK_MSEC : at_once, 0);
}

static void flush_at(void *userdata, usec_t when)
{
        Server *server = userdata;
        server->flush_at = when;
        wake_at(server, when);
}

static void on_hook_ended(void *userdata, int status)
{
        Server *server = userdata;
        server->hook = NULL;
        run_hook_ended(server->run, status);
}

static int start_hook(void *userdata, char *const *words)
{
        Server *server = userdata;
        return hook_start(&server->loop, server->hook_program, words, on_hook_ended, server,
                          &server->hook);
}

static void stop_hook(void *userdata)
{
        Server *server = userdata;
        if (server->hook)
                hook_kill(TAKE_PTR(server->hook));
}

/* Everything closes; the loop ends when all has. */
static void stop(Server *server)
{
        if (server->stopping)
                return;
        server->stopping = true;
        stop_hook(server);
        if (server->service.firmware)
                firmware_stop(server->service.firmware);
        uv_close((uv_handle_t *)&server->timer, NULL);
        uv_close((uv_handle_t *)&server->prepare, NULL);
        hangups_close(&server->web.hangups);
        for (size_t i = 0; i < ELEMENTSOF(server->signals); i++)
                uv_close((uv_handle_t *)&server->signals[i], NULL);
        if (server->context)
                lws_context_destroy(server->context);
}

static void on_signal(uv_signal_t *signal, int number _unused_)
{
        stop(signal->data);
}

static void start_loop(Server *server)
{
        static const int numbers[ELEMENTSOF(server->signals)] = {SIGTERM, SIGINT};
        uv_timer_init(&server->loop, &server->timer);
        server->timer.data = server;
        server->timer_at = server->flush_at = USEC_INFINITY;
        uv_prepare_init(&server->loop, &server->prepare);
        server->prepare.data = server;
        uv_prepare_start(&server->prepare, on_prepare);
        for (size_t i = 0; i < ELEMENTSOF(numbers); i++) {
                uv_signal_init(&server->loop, &server->signals[i]);
                server->signals[i].data = server;
                uv_signal_start(&server->signals[i], on_signal, numbers[i]);
        }
}

static void log_line(int level, const char *line)
{
        int size = (int)strcspn(line, "\n");
        log_full(level == LLL_ERR ? LOG_WARNING : LOG_DEBUG, 0, "libwebsockets: %.*s", size, line);
}

/* clang-format off */
static const struct lws_protocols all_protocols[PROTOCOLS_MAX] = {
        { .name = "http",      .callback = http_callback, .per_session_data_size = SESSION_SIZE },
        { .name = "ocpp2.1",   .callback = ws_callback,   .per_session_data_size = SESSION_SIZE, .rx_buffer_size = RECEIVE_SIZE },
        { .name = "ocpp2.0.1", .callback = ws_callback,   .per_session_data_size = SESSION_SIZE, .rx_buffer_size = RECEIVE_SIZE },
        { .name = "ocpp1.6",   .callback = ws_callback,   .per_session_data_size = SESSION_SIZE, .rx_buffer_size = RECEIVE_SIZE },
};
/* clang-format on */

/* Whether the word is one of a list that is parted by commas. */
static bool list_has(const char *list, const char *word)
{
        size_t n = strlen(word);
        for (const char *p = list; p; p = strchr(p, ',')) {
                p += *p == ',';
                if (strcspn(p, ",") == n && strncmp(p, word, n) == 0)
                        return true;
        }
        return false;
}

static void choose_protocols(Server *server, const char *spoken)
{
        size_t n = 0;
        for (size_t i = 0; i < PROTOCOLS_MAX; i++) {
                if (i > 0 && spoken && !list_has(spoken, all_protocols[i].name))
                        continue;
                if (i > 0)
                        server->service.protocols[n - 1] = all_protocols[i].name;
                server->protocols[n++] = all_protocols[i];
        }
}

/* lws' own checks cost each message a walk along all connections: see liveness.h. */
static const lws_retry_bo_t no_validity_checks = {0};

/* Whether the address is this machine's: lws would wait in silence until it is. 0, negative errno.
 */
static int check_address(const ServerOptions *options)
{
        struct addrinfo *address = NULL;
        const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
        if (getaddrinfo(options->address, NULL, &hints, &address) != 0)
                return -EINVAL;
        _cleanup_(closep) int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int r = fd < 0 || bind(fd, address->ai_addr, address->ai_addrlen) < 0 ? -errno : 0;
        freeaddrinfo(address);
        return r;
}

static uint64_t tls_options(const ServerOptions *options)
{
        uint64_t flags = options->tls_cert ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0;
        if (options->client_ca) /* asked of everybody, wanted of stations only: ws_check_upgrade()
                                 */
                flags |= LWS_SERVER_OPTION_REQUIRE_VALID_OPENSSL_CLIENT_CERT |
                         LWS_SERVER_OPTION_PEER_CERT_NOT_REQUIRED;
        return flags;
}

/* Whether a file has certificates: lws only mutters if not. 0, -EINVAL, -ENOMEM. */
static int check_roots(const char *path)
{
        X509_STORE *store = X509_STORE_new();
        int loaded = store && X509_STORE_load_file(store, path) == 1;
        int r = loaded ? 0 : store ? -EINVAL : -ENOMEM;
        X509_STORE_free(store);
        ERR_clear_error();
        return r;
}

/* Says who is refused by REST, where the server can be reached from elsewhere. */
static void warn_of_access(const ServerOptions *options)
{
        if (startswith(options->address, "127.") || streq(options->address, "::1") ||
            (options->tokens && options->tls_cert))
                return;
        log_warning("REST is served to this machine only: from elsewhere it needs %s%s%s",
                    options->tls_cert ? "" : "TLS (--tls-cert, --tls-key)",
                    options->tls_cert || options->tokens ? "" : " and ",
                    options->tokens ? "" : "a token (--tokens)");
}

static int create_context(Server *server, const ServerOptions *options)
{
        void *loops[1] = {&server->loop};
        struct lws_context_creation_info info = {
                .port = options->port,
                .iface = options->address,
                .protocols = server->protocols,
                .user = &server->web,
                .foreign_loops = loops,
                .pcontext = &server->context,
                .alpn = "http/1.1",
                .keepalive_timeout = 60,
                .timeout_secs = 20,
                .pt_serv_buf_size = READ_SIZE,
                .retry_and_idle_policy = &no_validity_checks,
                .ssl_cert_filepath = options->tls_cert,
                .ssl_private_key_filepath = options->tls_key,
                .ssl_ca_filepath = options->client_ca,
                .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS |
                           LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND |
                           LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
        };
        int r = check_address(options);
        if (r < 0)
                return log_error_errno(r, "Can't listen on %s", options->address);
        info.options |= tls_options(options);
        server->context = lws_create_context(&info);
        if (!server->context)
                return log_error_errno(-EIO, "libwebsockets can't start");
        server->web.context = server->context;
        struct lws_vhost *vhost = lws_create_vhost(server->context, &info);
        if (!vhost)
                return log_error_errno(-EIO,
                                       "Can't listen on %s port %d: port taken, or bad "
                                       "certificate or key",
                                       options->address, options->port);
        bool v6 = strchr(options->address, ':');
        warn_of_access(options);
        printf("listening on %s%s%s:%d\n", v6 ? "[" : "", options->address, v6 ? "]" : "",
               lws_get_vhost_listen_port(vhost));
        fflush(stdout);
        return 0;
}

/* Request ids for the CSMS, which no run of this database gives again. */
static int reserve_ids(void *userdata, int64_t count, int64_t *ret)
{
        const Server *server = userdata;
        int r = state_fresh_ids(server->service.state, count, ret);
        return r < 0 ? r : state_flush(server->service.state);
}

/* What fails is logged. */
static int open_firmware(Server *server, const ServerOptions *options)
{
        _cleanup_(freep) char *beside = NULL;
        if (!options->firmware && options->state &&
            !(beside = str_printf("%s.firmware", options->state)))
                return log_error_errno(-ENOMEM, "Can't start");
        return firmware_open(
                &(FirmwareOptions){.state = server->service.state,
                                   .loop = &server->loop,
                                   .folder = options->firmware ? options->firmware : beside,
                                   .keyring = options->rauc_keyring,
                                   .size_max = (uint64_t)options->firmware_max << 20,
                                   .events = server->service.events},
                &server->service.firmware);
}

/* What fails is logged. */
static int open_logs(Server *server, const ServerOptions *options)
{
        _cleanup_(freep) char *beside = NULL;
        if (!options->logs && options->state && !(beside = str_printf("%s.logs", options->state)))
                return log_error_errno(-ENOMEM, "Can't start");
        return logs_open(&(LogsOptions){.csms = server->service.csms,
                                        .state = server->service.state,
                                        .events = server->service.events,
                                        .loop = &server->loop,
                                        .folder = options->logs ? options->logs : beside,
                                        .size_max = (uint64_t)options->log_max << 20,
                                        .total_max = (uint64_t)options->logs_max << 20,
                                        .ftp_url = options->ftp_url,
                                        .ftp_folder = options->ftp_folder,
                                        .wake_at = wake_at,
                                        .userdata = server},
                         &server->service.logs);
}

/* What is remembered of stations, before anything else looks at them. What fails is logged. */
static int open_state(Server *server, const ServerOptions *options)
{
        Service *service = &server->service;
        int r = state_open(
                &(StateOptions){.path = options->state, .wake_at = flush_at, .userdata = server},
                &service->state);
        if (r == 0)
                r = state_stations_open(service->state, service->csms, &server->stations);
        if (r == 0)
                r = state_frames_open(service->state, service->csms, options->frames,
                                      &service->frames);
        return r;
}

static int open_pushes(Server *server)
{
        Service *service = &server->service;
        return pusher_new(&(PusherOptions){.csms = service->csms,
                                           .state = service->state,
                                           .firmware = service->firmware,
                                           .events = service->events,
                                           .wake_at = wake_at,
                                           .userdata = server},
                          &service->pusher);
}

static int open_things(Server *server, const ServerOptions *options)
{
        int r = 0;
        if (options->trace && (r = trace_open(options->trace, &server->trace)) < 0)
                return log_error_errno(r, "Can't write the trace %s", options->trace);
        if (options->passwords && (r = auth_load(options->passwords, &server->web.auth)) < 0)
                return log_error_errno(r, "Can't use the passwords file %s", options->passwords);
        if (options->tokens && (r = tokens_load(options->tokens, &server->web.tokens)) < 0)
                return r;
        if (options->expired_cert && (r = expired_load(options->expired_cert, options->expired_key,
                                                       &server->web.expired)) < 0)
                return log_error_errno(r, "Can't use the expired certificate %s",
                                       options->expired_cert);
        server->service.has_expired_tls = server->web.expired != NULL;
        if (options->client_ca && (r = check_roots(options->client_ca)) < 0)
                return log_error_errno(r, "Can't use the roots in %s", options->client_ca);
        if (options->files) {
                server->web.files_fd = open(options->files, O_PATH | O_DIRECTORY | O_CLOEXEC);
                if (server->web.files_fd < 0)
                        return log_error_errno(-errno, "Can't open the folder %s", options->files);
        }
        r = csms_new(&(CsmsOptions){.interval = options->interval,
                                    .message_timeout = options->message_timeout,
                                    .trace = server->trace,
                                    .wake_at = wake_at,
                                    .reserve_ids = reserve_ids,
                                    .userdata = server},
                     &server->service.csms);
        if (r < 0)
                return log_error_errno(r, "Can't start");
        r = open_state(server, options);
        if (r < 0)
                return r;
        r = events_new(server->service.csms, &server->service.events);
        if (r < 0)
                return log_error_errno(r, "Can't start");
        r = open_firmware(server, options);
        if (r == 0)
                r = open_logs(server, options);
        if (r < 0)
                return r;
        r = rollouts_open(&(RolloutsOptions){.csms = server->service.csms,
                                             .state = server->service.state,
                                             .events = server->service.events,
                                             .firmware = server->service.firmware,
                                             .wake_at = wake_at,
                                             .userdata = server},
                          &server->service.rollouts);
        if (r < 0)
                return log_error_errno(r, "Can't load the roll-outs");
        r = open_pushes(server);
        if (r < 0)
                return log_error_errno(r, "Can't start");
        if (server->run)
                csms_add_observer(server->service.csms, run_observer(server->run));
        return 0;
}

/* A fleet needs more descriptors than a shell gives by default. */
static void raise_limits(void)
{
        struct rlimit limit;
        if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
                return;
        limit.rlim_cur = MIN(limit.rlim_max, (rlim_t)FILES_OPEN_MAX);
        (void)setrlimit(RLIMIT_NOFILE, &limit);
}

int server_run(const ServerOptions *options)
{
        Server server = {.web.files_fd = -1,
                         .web.hangups.epoll_fd = -1,
                         .web.want_certificates = options->client_ca != NULL,
                         .run = options->run,
                         .hook_program = options->hook};
        server.web.service = &server.service;
        raise_limits();
        lws_set_log_level(LLL_ERR | LLL_WARN, log_line);
        signal(SIGPIPE, SIG_IGN);
        signal(SIGXFSZ, SIG_IGN); /* a limit on files (ulimit -f) is as a full disk */
        int r = uv_loop_init(&server.loop);
        if (r < 0)
                return log_error_errno(r, "Can't start the loop");
        choose_protocols(&server, options->protocols);
        start_loop(&server);
        r = hangups_open(&server.web.hangups, &server.loop, http_hung_up);
        if (r < 0)
                log_error_errno(r, "Can't start");
        if (r == 0)
                r = open_things(&server, options);
        if (r == 0)
                r = create_context(&server, options);
        if (r < 0)
                stop(&server);
        else if (server.run)
                run_start(server.run, server.service.csms,
                          &(RunDoors){wake_at, start_hook, stop_hook, &server});
        uv_run(&server.loop, UV_RUN_DEFAULT);
        if (server.context) /* on a loop not its own, lws wants to be told when all is closed */
                lws_context_destroy(server.context);
        uv_loop_close(&server.loop);
        if (r == 0 && server.run)
                r = run_finish(server.run);
        rollouts_free(server.service.rollouts);
        firmware_close(server.service.firmware);
        logs_close(server.service.logs);
        pusher_free(server.service.pusher);
        events_free(server.service.events);
        csms_free(server.service.csms);
        state_frames_free(server.service.frames);
        state_stations_free(server.stations);
        state_free(server.service.state);
        auth_free(server.web.auth);
        expired_free(server.web.expired);
        tokens_free(server.web.tokens);
        trace_free(server.trace);
        closep(&server.web.files_fd);
        return r;
}
