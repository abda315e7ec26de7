/* Requests for the logs of many stations: what they ask for, and a row for each station, some at a
 * time. See log-store-private.h. */
#include "fields.h"
#include "filter.h"
#include "log-store-private.h"
#include "station.h"
#include <stdio.h>

/* Stations that get their rows in one go. */
#define SLICE 200
/* Code points of a URL, as OCPP 2.1 has it. */
#define LOCATION_MAX 2000

/* What a request says. */
typedef struct Wish {
        List stations; /* of char * */
        char *log_type, *location;
        usec_t oldest, latest;
        int64_t retries, retry_interval;
        int via; /* LogVia */
} Wish;

typedef enum LogVia { VIA_HTTP, VIA_FTP, VIA_ELSEWHERE, VIA_MAX } LogVia;

/* clang-format off */
static const char *const via_words[VIA_MAX] = {
        [VIA_HTTP] = "http", [VIA_FTP] = "ftp", [VIA_ELSEWHERE] = "elsewhere",
};
static const EnumTable vias = WORDS(via_words);
static const ListType stations_type = LIST_OF_STRINGS(STATION_ID_MAX, 1, STATIONS_MAX);
static const Field fields[] = {
        LIST_FIELD(    "stations",        OPTIONAL, Wish, stations, stations_type),
        IGNORED_MEMBER("filter",          OPTIONAL, JSON_OBJECT),
        ENUM_FIELD(    "via",             OPTIONAL, Wish, via, vias),
        STRING_FIELD(  "logType",         OPTIONAL, Wish, log_type, LOG_WORD_MAX),
        TIME_FIELD(    "oldestTimestamp", OPTIONAL, Wish, oldest),
        TIME_FIELD(    "latestTimestamp", OPTIONAL, Wish, latest),
        { .name = "retries", .kind = FIELD_INT, .offset = offsetof(Wish, retries), .min = 0 },
        { .name = "retryInterval", .kind = FIELD_INT, .offset = offsetof(Wish, retry_interval), .min = 0 },
        STRING_FIELD(  "remoteLocation",  OPTIONAL, Wish, location, LOCATION_MAX),
};
/* clang-format on */
static const Table table = TABLE("logs", fields);
static const CodecRules rules = {.unknown_is_violation = true};

static void wish_done(Wish *wish)
{
        codec_done(&table, wish);
}

/* The answer under construction. */
typedef struct Answer {
        cJSON *object, *logs, *skipped;
        int64_t first; /* the id of the first log, by which all know that they belong together; 0:
                          there is none yet */
} Answer;

static bool skip(const Answer *answer, const char *station, const char *reason)
{
        cJSON *o = cJSON_CreateObject();
        if (!o || !cJSON_AddStringToObject(o, "station", station) ||
            !cJSON_AddStringToObject(o, "reason", reason)) {
                cJSON_Delete(o);
                return false;
        }
        return cJSON_AddItemToArray(answer->skipped, o);
}

/* Writes it: the first one is known by its own id. */
static int write_row(Logs *logs, Answer *answer, LogRow *row)
{
        row->request = answer->first;
        int r = state_log_add(logs->options.state, row, &row->id);
        if (r == 0 && !answer->first)
                row->request = answer->first = row->id;
        return r;
}

static int add_row(Logs *logs, Answer *answer, const Wish *wish, const char *station)
{
        char token[37], oldest[TIME_TEXT_MAX], latest[TIME_TEXT_MAX], state[] = LOG_WAITING;
        LogRow row = LOG_ROW_INIT;
        int r = uuid_make(token);
        if (r < 0)
                return r;
        row.station = (char *)station;
        row.token = token;
        row.via = (char *)via_words[wish->via];
        row.state = state;
        row.location = wish->location;
        row.log_type = wish->log_type;
        row.oldest = wish->oldest == NO_TIME ? NULL : (char *)time_format(wish->oldest, oldest);
        row.latest = wish->latest == NO_TIME ? NULL : (char *)time_format(wish->latest, latest);
        row.retries = wish->retries;
        row.retry_interval = wish->retry_interval;
        row.created = wallclock_now();
        r = write_row(logs, answer, &row);
        if (r < 0)
                return r;
        log_tell(logs, &row, "added");
        cJSON *o = cJSON_CreateObject();
        if (!o || !cJSON_AddNumberToObject(o, "id", (double)row.id) ||
            !cJSON_AddStringToObject(o, "station", station)) {
                cJSON_Delete(o);
                return -ENOMEM;
        }
        cJSON_AddItemToArray(answer->logs, o);
        return 0;
}

/* A station gets a row, or is skipped. 0, negative errno. */
static int add_station(Logs *logs, Answer *answer, const Wish *wish, const char *id)
{
        const Station *station = csms_find(logs->options.csms, id);
        if (!station || !station_is_online(station))
                return skip(answer, id, station ? "offline" : "unknown") ? 0 : -ENOMEM;
        return add_row(logs, answer, wish, id);
}

/* A request whose rows are being written. */
struct LogAsking {
        LogAsking *next;
        Wish wish;
        char **ids; /* of the stations, sorted; owned */
        size_t count, at;
        Answer answer;
        void (*done)(void *userdata, int error, cJSON *answer); /* NULL: nobody waits */
        void *userdata;
};

static void request_free(LogAsking *request)
{
        for (size_t i = 0; i < request->count; i++)
                free(request->ids[i]);
        free(request->ids);
        cJSON_Delete(request->answer.object);
        wish_done(&request->wish);
        free(request);
}
DEFINE_CLEANUP(LogAsking *, request_free)

static int add_id(LogAsking *request, const char *id)
{
        request->ids[request->count] = strdup(id);
        return request->ids[request->count++] ? 0 : -ENOMEM;
}

static int compare(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Those that are named, or that fit. */
static int choose(const Logs *logs, LogAsking *request, const Filter *filter)
{
        const Csms *csms = logs->options.csms;
        const List *named = &request->wish.stations;
        int r = 0;
        request->ids = calloc(MAX(named->count, csms->count) + 1, sizeof(*request->ids));
        if (!request->ids)
                return -ENOMEM;
        for (size_t i = 0; i < named->count && r == 0; i++)
                r = add_id(request, ((char *const *)named->items)[i]);
        for (size_t i = 0; !named->count && i < csms->count && r == 0; i++)
                if (filter_matches(filter, csms->stations[i]))
                        r = add_id(request, csms->stations[i]->id);
        if (r == 0)
                qsort(request->ids, request->count, sizeof(*request->ids), compare);
        return r;
}

/* NULL: all is well. */
static const char *objection(const Logs *logs, const Wish *wish, const cJSON *filter)
{
        if (!wish->stations.count == !filter)
                return "Either stations or filter says who is asked.";
        if (wish->via == VIA_FTP && !logs->options.ftp_url)
                return "There is no FTP server: that needs --ftp-url and --ftp-dir.";
        if ((wish->via == VIA_ELSEWHERE) != (wish->location != NULL))
                return "remoteLocation is for via elsewhere, and is needed there.";
        return NULL;
}

static int explain(const char *text, char sentence[static LOGS_SENTENCE_MAX])
{
        size_t n = strlen(text);
        snprintf(sentence, LOGS_SENTENCE_MAX, "%s%s", text, n && text[n - 1] == '.' ? "" : ".");
        return -EINVAL;
}

static int read_wish(const Logs *logs, const cJSON *body, Wish *wish, Filter *filter,
                     char sentence[static LOGS_SENTENCE_MAX])
{
        CodecError error;
        const cJSON *chosen = cJSON_GetObjectItemCaseSensitive(body, "filter");
        int r = codec_decode(&table, rules, body, wish, &error);
        if (r == -EBADMSG)
                return explain(error.text, sentence);
        if (r < 0)
                return r;
        if (wish->via < 0)
                wish->via = wish->location ? VIA_ELSEWHERE : VIA_HTTP;
        const char *text = objection(logs, wish, chosen);
        if (text)
                return explain(text, sentence);
        r = chosen ? filter_read(chosen, filter, &error) : 0;
        return r == -EINVAL ? explain(error.text, sentence) : r;
}

int logs_request(Logs *logs, const LogAskingOptions *options, LogAsking **ret,
                 char sentence[static LOGS_SENTENCE_MAX])
{
        _cleanup_(request_freep) LogAsking *request = calloc(1, sizeof(*request));
        _cleanup_(filter_done) Filter filter = FILTER_INIT;
        if (!request)
                return -ENOMEM;
        request->wish = (Wish){.oldest = NO_TIME,
                               .latest = NO_TIME,
                               .retries = NO_INT,
                               .retry_interval = NO_INT,
                               .via = -1};
        request->done = options->done;
        request->userdata = options->userdata;
        request->answer.object = cJSON_CreateObject();
        request->answer.logs = cJSON_AddArrayToObject(request->answer.object, "logs");
        request->answer.skipped = cJSON_AddArrayToObject(request->answer.object, "skipped");
        if (!request->answer.logs || !request->answer.skipped)
                return -ENOMEM;
        int r = read_wish(logs, options->body, &request->wish, &filter, sentence);
        if (r == 0)
                r = choose(logs, request, &filter);
        if (r < 0)
                return r;
        *ret = request;
        LogAsking **end = &logs->requests;
        while (*end)
                end = &(*end)->next;
        *end = TAKE_PTR(request);
        logs->options.wake_at(logs->options.userdata, boottime_now());
        return 0;
}

void logs_forget_request(LogAsking *request)
{
        request->done = NULL;
}

void log_request_slice(Logs *logs)
{
        LogAsking *request = logs->requests;
        int r = 0;
        if (!request)
                return;
        for (size_t i = 0; i < SLICE && request->at < request->count && r == 0; i++) {
                const char *id = request->ids[request->at++];
                if (request->at < 2 || !streq(id, request->ids[request->at - 2]))
                        r = add_station(logs, &request->answer, &request->wish, id);
        }
        if (r == 0 && request->at < request->count)
                return;
        if (r == 0)
                r = state_flush(logs->options.state);
        logs->may_wait = true;
        logs->requests = request->next;
        if (request->done)
                request->done(request->userdata, r,
                              r == 0 ? TAKE_PTR(request->answer.object) : NULL);
        request_free(request);
}

void log_forget_requests(Logs *logs)
{
        for (LogAsking *request = logs->requests, *next; request; request = next) {
                next = request->next;
                request_free(request);
        }
        logs->requests = NULL;
}
