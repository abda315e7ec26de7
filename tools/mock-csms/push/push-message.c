/* See push-message.h. */
#include "push-message.h"
#include "draw.h"
#include "json-add.h"
#include "order.h"
#include "station.h"
#include <stdio.h>

typedef struct Alone {
        PushPlan plan;
} Alone;

static const Field fields[] = {PUSH_PLAN_FIELDS(Alone, plan)};
const Table push_plan_table = TABLE("plan", fields);

static int complain(char *sentence, const char *text)
{
        (void)snprintf(sentence, PUSH_SENTENCE_MAX, "%s", text);
        return -EINVAL;
}

static int read_moment(const char *name, const char *text, Moment *ret, char *sentence)
{
        if (!text || moment_read(text, ret) == 0)
                return 0;
        (void)snprintf(sentence, PUSH_SENTENCE_MAX,
                       "%s must be a time of UTC (2026-11-27T02:00:00Z), one where the station is "
                       "(2026-11-27T02:00), or an hour there (02:00).",
                       name);
        return -EINVAL;
}

int push_plan_check(PushPlan *plan, char sentence[static PUSH_SENTENCE_MAX])
{
        const struct {
                const char *name;
                int64_t value, max;
        } numbers[] = {
                {"spread", plan->spread, PUSH_SPREAD_MAX},
                {"retries", plan->retries, 1000},
                {"retryInterval", plan->retry_interval, PUSH_SPREAD_MAX},
        };
        for (size_t i = 0; i < ELEMENTSOF(numbers); i++) {
                int64_t value = numbers[i].value;
                if (value == NO_INT || (value >= 0 && value <= numbers[i].max))
                        continue;
                (void)snprintf(sentence, PUSH_SENTENCE_MAX, "%s must be from 0 to %jd.",
                               numbers[i].name, (intmax_t)numbers[i].max);
                return -EINVAL;
        }
        int r = read_moment("retrieve", plan->retrieve, &plan->retrieve_at, sentence);
        return r < 0 ? r : read_moment("install", plan->install, &plan->install_at, sentence);
}

/* What the order begins with: where the file is, and its signature. */
static int make_place(const PushMaking *making, const Station *station, cJSON **ret, char *sentence)
{
        if (!making->firmware) {
                *ret = cJSON_Duplicate(making->order, true);
                return *ret ? 0 : -ENOMEM;
        }
        int r = firmware_order(making->store, making->firmware, station, ret);
        if (r == -ENODATA)
                (void)complain(sentence, "It has not connected since mock-csms was started, so "
                                         "that it is not known by which address it reaches this "
                                         "server.");
        return r == -ENOENT ? complain(sentence, "The firmware file is missing.") : r;
}

/* A station's place in the window: by its identity, so that the same one always has it. */
static usec_t offset_of(const PushPlan *plan, const Station *station)
{
        return plan->spread > 0 ? draw_number("", station_id(station)) % (uint64_t)plan->spread *
                                          USEC_PER_SEC
                                : 0;
}

/* Adds a time, unless the order says it itself. by_default: now is meant where none is given. */
static int add_time(const PushMaking *making, const Station *station, const Moment *moment,
                    bool by_default, cJSON *order)
{
        const char *name = by_default ? "retrieveDateTime" : "installDateTime";
        char text[TIME_TEXT_MAX];
        usec_t when;
        if (cJSON_HasObjectItem(order, name) || (moment->kind == MOMENT_NONE && !by_default))
                return 0;
        int r = moment_resolve(moment, station_timezone(station), making->now, &when);
        if (r < 0)
                return r;
        when = (when == NO_TIME ? making->now : when) + offset_of(making->plan, station);
        return json_add_text(order, name, time_format(when, text)) ? 0 : -ENOMEM;
}

/* The body of an order for this station. */
static int make_order(const PushMaking *making, const Station *station, cJSON **ret, char *sentence)
{
        const PushPlan *plan = making->plan;
        _cleanup_(cJSON_Deletep) cJSON *order = NULL;
        int r = make_place(making, station, &order, sentence);
        if (r < 0)
                return r;
        if (plan->plain > 0) {
                cJSON_DeleteItemFromObjectCaseSensitive(order, "signingCertificate");
                cJSON_DeleteItemFromObjectCaseSensitive(order, "signature");
        }
        if (making->request_id != NO_INT)
                cJSON_DeleteItemFromObjectCaseSensitive(order, "requestId");
        if (!json_add_number_if(order, "requestId", making->request_id) ||
            (!cJSON_HasObjectItem(order, "retries") &&
             !json_add_number_if(order, "retries", plan->retries)) ||
            (!cJSON_HasObjectItem(order, "retryInterval") &&
             !json_add_number_if(order, "retryInterval", plan->retry_interval)))
                return -ENOMEM;
        r = add_time(making, station, &plan->retrieve_at, true, order);
        if (r == 0)
                r = add_time(making, station, &plan->install_at, false, order);
        if (r == -EINVAL)
                return complain(sentence, "Its time zone is not known here, or has no such day.");
        if (r == 0)
                *ret = TAKE_PTR(order);
        return r;
}

/* The later of both times of an order. */
static usec_t acts_at(const cJSON *order)
{
        static const char *const names[] = {"retrieveDateTime", "installDateTime"};
        usec_t last = 0, when;
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                const cJSON *item = cJSON_GetObjectItemCaseSensitive(order, names[i]);
                if (cJSON_IsString(item) && time_parse(item->valuestring, &when) == 0)
                        last = MAX(last, when);
        }
        return last;
}

int push_message(const PushMaking *making, const Station *station, PushMessage *ret,
                 char sentence[static PUSH_SENTENCE_MAX])
{
        const char *objection = NULL, *action;
        _cleanup_(cJSON_Deletep) cJSON *order = NULL;
        cJSON *payload;
        int r = make_order(making, station, &order, sentence);
        if (r == 0)
                r = order_message(&order_update, making->csms, station, order,
                                  &(OrderMessage){&action, &payload, &objection});
        if (objection)
                return complain(sentence, objection);
        if (r == 0)
                *ret = (PushMessage){action, payload, acts_at(order)};
        return r;
}
