/* What mock-csms reads of its users and of stations, without any network. The first byte says what:
 * a filter, a fault, an order of an update or of logs, a station's settings, a moment, a form, or
 * frames of a station (parted by newlines). What is read can be used; what is refused is so by a
 * sentence. */
#include <stdio.h>

#include "fault-rules.h"
#include "filter.h"
#include "form.h"
#include "moment.h"
#include "order.h"
#include "settings.h"
#include "station.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STATIONS 3

static Csms *csms;
static Station *stations[STATIONS];

/* The other ends of the stations' connections: nobody is there. */
struct Conn {
        int unused;
};
static Conn conns[STATIONS];

int conn_send(Conn *conn _unused_, const char *data _unused_, size_t size _unused_,
              bool binary _unused_)
{
        return 0;
}

void conn_read_at(Conn *conn _unused_, int64_t bytes_per_second _unused_)
{
}

void conn_close(Conn *conn _unused_, unsigned code _unused_)
{
}

static void wake_at(void *userdata _unused_, usec_t when _unused_)
{
}

static void require(bool fine)
{
        if (!fine)
                abort();
}

static void start(void)
{
        static const char *const versions[STATIONS] = {"ocpp1.6", "ocpp2.0.1", "ocpp2.1"};
        require(csms_new(&(CsmsOptions){.interval = 300,
                                        .message_timeout = USEC_PER_SEC,
                                        .wake_at = wake_at},
                         &csms) == 0);
        for (size_t i = 0; i < STATIONS; i++)
                require(csms_join(csms, versions[i], csms_dialect(versions[i]), &conns[i],
                                  &stations[i]) == 0);
}

/* A filter says of itself what it was read from. */
static void try_filter(const cJSON *json)
{
        Filter filter = FILTER_INIT, again = FILTER_INIT;
        CodecError error = {0};
        int r = filter_read(json, &filter, &error);
        require(r == 0 || *error.text);
        if (r < 0)
                return;
        _cleanup_(cJSON_Deletep) cJSON *told = filter_describe(&filter);
        require(told && filter_read(told, &again, &error) == 0);
        for (size_t i = 0; i < STATIONS; i++)
                require(filter_matches(&filter, stations[i]) ==
                        filter_matches(&again, stations[i]));
        filter_done(&filter);
        filter_done(&again);
}

static void try_fault(const cJSON *json)
{
        FaultTarget target = {0};
        Fault fault;
        FaultError error = {0};
        int r = fault_target_from_json(json, &target, &fault, &error);
        require(r == 0 || *error.text);
        if (r == 0)
                fault_target_done(&target);
}

static void try_order(const OrderKind *kind, const cJSON *json)
{
        for (size_t i = 0; i < STATIONS; i++) {
                const char *action = NULL, *sentence = NULL;
                _cleanup_(cJSON_Deletep) cJSON *payload = NULL;
                int r = order_message(kind, csms, stations[i], json,
                                      &(OrderMessage){&action, &payload, &sentence});
                require(r == 0 ? action && cJSON_IsObject(payload) : sentence && *sentence);
        }
}

static int keep_nowhere(void *userdata, const Station *station)
{
        require(!userdata && station == stations[0]);
        return 0;
}

static void try_settings(const cJSON *json)
{
        CodecError error = {0};
        require(settings_apply(stations[0], json, keep_nowhere, NULL, &error) == 0 || *error.text);
}

static void try_json(uint8_t what, const char *text, size_t size)
{
        _cleanup_(cJSON_Deletep) cJSON *json = NULL;
        if (json_parse(text, size, &json) < 0 || !cJSON_IsObject(json))
                return;
        if (what == 0)
                try_filter(json);
        else if (what == 1)
                try_fault(json);
        else if (what == 2)
                try_order(&order_update, json);
        else if (what == 3)
                try_order(&order_logs, json);
        else
                try_settings(json);
}

static void try_moment(const char *text)
{
        Moment moment;
        usec_t when;
        if (moment_read(text, &moment) == 0)
                (void)moment_resolve(&moment, "Europe/Berlin", 1700000000 * USEC_PER_SEC, &when);
}

static int take(void *userdata, const void *data _unused_, size_t size)
{
        *(size_t *)userdata += size;
        return 0;
}

/* The first line is the Content-Type; the rest comes in two pieces. */
static void try_form(const char *text, size_t size)
{
        size_t line = strcspn(text, "\n"), taken = 0;
        _cleanup_(freep) char *type = strndup(text, line);
        _cleanup_(form_freep) Form *form = NULL;
        if (line >= size || form_new(type, &form) < 0)
                return;
        const char *body = text + line + 1;
        size_t n = size - line - 1, half = n / 2;
        if (form_feed(form, body, half, take, &taken) == 0)
                (void)form_feed(form, body + half, n - half, take, &taken);
        require(taken <= n && form_name(form));
}

static void try_frames(uint8_t which, const char *text)
{
        for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n')
                (void)station_receive(stations[which % STATIONS], p, strcspn(p, "\n"), false);
        _cleanup_(cJSON_Deletep) cJSON *told = station_describe(stations[which % STATIONS]);
        require(told);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        if (!csms)
                start();
        if (size == 0)
                return 0;
        _cleanup_(freep) char *text = strndup((const char *)data + 1, size - 1);
        require(text);
        size_t length = strlen(text);
        uint8_t what = data[0] % 10;
        if (what < 5)
                try_json(what, text, length);
        else if (what == 5)
                try_moment(text);
        else if (what == 6)
                try_form(text, length);
        else
                try_frames(what, text);
        return 0;
}
