/* The least that a program made of the agent's libraries can be, for tests/bench/footprint: one
 * SQLite database with a WAL, one D-Bus connection, one WebSocket with TLS on which it says
 * BootNotification and then stays, answering pings. It is no station: it understands no answer. */
#include <libwebsockets.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

/* clang-format off */
static const char boot[] =
        "[2,\"1\",\"BootNotification\",{\"reason\":\"PowerUp\",\"chargingStation\":"
        "{\"vendorName\":\"Bench\",\"model\":\"Floor\",\"firmwareVersion\":\"1.0.0\"}}]";
/* clang-format on */

static volatile sig_atomic_t ended;

static void on_signal(int number)
{
        (void)number;
        ended = 1;
}

static int on_lws(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                  size_t size)
{
        unsigned char frame[LWS_PRE + sizeof(boot)];
        int *said = lws_context_user(lws_get_context(wsi));

        (void)user, (void)in, (void)size;
        if (reason == LWS_CALLBACK_CLIENT_ESTABLISHED)
                lws_callback_on_writable(wsi);
        if (reason == LWS_CALLBACK_CLIENT_CONNECTION_ERROR || reason == LWS_CALLBACK_CLIENT_CLOSED)
                ended = 1;
        if (reason != LWS_CALLBACK_CLIENT_WRITEABLE || *said)
                return 0;
        *said = 1;
        memcpy(frame + LWS_PRE, boot, sizeof(boot) - 1);
        return lws_write(wsi, frame + LWS_PRE, sizeof(boot) - 1, LWS_WRITE_TEXT) < 0 ? -1 : 0;
}

static const struct lws_protocols protocols[] = {
        {.name = "floor", .callback = on_lws, .rx_buffer_size = 2048, .tx_packet_size = 4096},
        {0},
};

static int open_database(const char *path, sqlite3 **ret)
{
        static const char sql[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                                  "CREATE TABLE IF NOT EXISTS value (name TEXT PRIMARY KEY);";

        if (sqlite3_open_v2(path, ret,
                            SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                            NULL) != SQLITE_OK)
                return -1;
        return sqlite3_exec(*ret, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : -1;
}

static int open_bus(const char *address, sd_bus **ret)
{
        const char *name;

        if (sd_bus_new(ret) < 0 || sd_bus_set_address(*ret, address) < 0 ||
            sd_bus_set_bus_client(*ret, 1) < 0 || sd_bus_start(*ret) < 0)
                return -1;
        return sd_bus_get_unique_name(*ret, &name) < 0 ? -1 : 0; /* waits for the bus */
}

static int run(int port, const char *ca_file, int *said)
{
        struct lws_context_creation_info info = {
                .port = CONTEXT_PORT_NO_LISTEN,
                .protocols = protocols,
                .options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
                           LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS,
                .client_ssl_ca_filepath = ca_file,
                .gid = (gid_t)-1,
                .uid = (uid_t)-1,
                .fd_limit_per_thread = 16,
                .user = said,
        };
        struct lws_client_connect_info connect = {
                .address = "127.0.0.1",
                .host = "127.0.0.1",
                .port = port,
                .path = "/ocpp/FLOOR",
                .protocol = "ocpp2.0.1",
                .local_protocol_name = protocols[0].name,
                .ssl_connection = LCCSCF_USE_SSL,
        };

        lws_set_log_level(LLL_ERR, NULL);
        connect.context = lws_create_context(&info);
        if (!connect.context)
                return -1;
        if (!lws_client_connect_via_info(&connect))
                ended = 1;
        while (!ended && lws_service(connect.context, 0) >= 0)
                ;
        lws_context_destroy(connect.context);
        return *said ? 0 : -1;
}

int main(int argc, char *argv[])
{
        sqlite3 *database = NULL;
        sd_bus *bus = NULL;
        int r = -1, said = 0;

        if (argc != 5) {
                fputs("usage: floor PORT CA_FILE DATABASE BUS\n", stderr);
                return EXIT_FAILURE;
        }
        signal(SIGTERM, on_signal);
        signal(SIGPIPE, SIG_IGN);
        if (open_database(argv[3], &database) == 0 && open_bus(argv[4], &bus) == 0)
                r = run(atoi(argv[1]), argv[2], &said);
        sd_bus_flush_close_unref(bus);
        sqlite3_close(database);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
