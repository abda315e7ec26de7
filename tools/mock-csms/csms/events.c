/* The ring of events. See events.h. */
#include "events.h"
#include "station.h"
#include <inttypes.h>
#include <stdio.h>

/* Bytes of text that a listener gets at a time, about. */
#define BATCH_SIZE 16384

/* What there is to listen to. */
static const char *const types[] = {
        "station",      "station-deleted", "frame",           "firmware",       "push",
        "push-deleted", "rollout",         "rollout-deleted", "rollout-target", "log",
        "fault",        "fault-applied",   "fault-ended",
};

typedef struct Kept {
        const char *type;
        char *station; /* NULL: about none */
        char *data;    /* JSON; NULL: lost */
} Kept;

struct Listener {
        Listener *next;
        Events *events;
        uint64_t position; /* the number of the next event to look at */
        bool lost;         /* must be told that some were missed */
        bool waiting;      /* has read everything, wants wake() */
        unsigned wanted;   /* bit i: types[i] */
        char *station;
        ListenerOptions options;
};

struct Events {
        Csms *csms;
        Observer observer;
        char run[37];        /* tells ids of this process from those of another */
        uint64_t first, end; /* numbers of the oldest one kept, and of the next */
        size_t bytes;
        bool used; /* somebody has listened: from now on events are kept */
        Listener *listeners;
        size_t listeners_count;
        Kept kept[EVENTS_KEPT_MAX];
};

static int type_index(const char *type, size_t size)
{
        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                if (strlen(types[i]) == size && memcmp(types[i], type, size) == 0)
                        return (int)i;
        return -EINVAL;
}

/* Whether a listener wants such an event. */
static bool fits(const Listener *l, const char *type, const char *station)
{
        return (l->wanted & (1u << type_index(type, strlen(type)))) &&
               (!l->station || !station || streq(l->station, station));
}

bool events_wanted(const Events *events, const char *type, const char *station)
{
        if (!streq(type, "frame")) /* those are many, and kept only while somebody looks */
                return events->used;
        for (const Listener *l = events->listeners; l; l = l->next)
                if (fits(l, type, station))
                        return true;
        return false;
}

static void forget_oldest(Events *events)
{
        Kept *kept = &events->kept[events->first++ % EVENTS_KEPT_MAX];
        events->bytes -= kept->data ? strlen(kept->data) : 0;
        free(kept->data);
        free(kept->station);
        *kept = (Kept){0};
}

void events_publish(Events *events, const char *type, const char *station, cJSON *data)
{
        _cleanup_(cJSON_Deletep) cJSON *owned = data;
        if (!events_wanted(events, type, station))
                return;
        if (events->end - events->first == EVENTS_KEPT_MAX)
                forget_oldest(events);
        Kept *kept = &events->kept[events->end++ % EVENTS_KEPT_MAX];
        kept->type = type;
        kept->station = station ? strdup(station) : NULL;
        kept->data = owned && (kept->station || !station) ? cJSON_PrintUnformatted(owned) : NULL;
        events->bytes += kept->data ? strlen(kept->data) : 0;
        while (events->bytes > EVENTS_BYTES_MAX)
                forget_oldest(events);
        for (Listener *l = events->listeners; l; l = l->next)
                if (l->waiting) {
                        l->waiting = false;
                        l->options.wake(l->options.userdata);
                }
}

void events_publish_id(Events *events, const char *type, int64_t id)
{
        if (!events_wanted(events, type, NULL))
                return;
        cJSON *o = cJSON_CreateObject();
        if (o && !cJSON_AddNumberToObject(o, "id", (double)id))
                cJSON_Delete(TAKE_PTR(o));
        events_publish(events, type, NULL, o);
}

/* ---- What is told of stations ---- */

static void tell_station(void *userdata, const Station *station)
{
        Events *events = userdata;
        if (events_wanted(events, "station", station->id))
                events_publish(events, "station", station->id, station_describe(station));
}

/* {"id"} */
static cJSON *name_station(const Station *station)
{
        _cleanup_(cJSON_Deletep) cJSON *o = cJSON_CreateObject();
        return o && cJSON_AddStringToObject(o, "id", station->id) ? TAKE_PTR(o) : NULL;
}

static void tell_removed(void *userdata, const Station *station)
{
        Events *events = userdata;
        if (events_wanted(events, "station-deleted", station->id))
                events_publish(events, "station-deleted", station->id, name_station(station));
}

static void tell_frame(void *userdata, const Station *station, uint64_t number,
                       const TraceMessage *message)
{
        Events *events = userdata;
        if (!events_wanted(events, "frame", station->id))
                return;
        _cleanup_(freep) char *line = trace_line(message);
        _cleanup_(cJSON_Deletep) cJSON *o = cJSON_CreateObject();
        if (o && line && cJSON_AddNumberToObject(o, "number", (double)number) &&
            cJSON_AddRawToObject(o, "line", line))
                events_publish(events, "frame", station->id, TAKE_PTR(o));
        else
                events_publish(events, "frame", station->id, NULL);
}

/* ---- What is told of faults ---- */

static void tell_fault(void *userdata, const FaultRule *rule)
{
        Events *events = userdata;
        const char *station = fault_rule_station(rule);
        if (events_wanted(events, "fault", station))
                events_publish(events, "fault", station,
                               fault_rule_describe(events->csms, rule, false));
}

/* fault_rule_brief() and another member. */
static void tell_of(Events *events, const char *type, const char *station, const FaultRule *rule,
                    const char *name, cJSON *value)
{
        cJSON *o = fault_rule_brief(rule);
        if (!o || !value || !cJSON_AddItemToObject(o, name, value)) {
                cJSON_Delete(value);
                cJSON_Delete(TAKE_PTR(o));
        }
        events_publish(events, type, station, o);
}

static void tell_applied(void *userdata, const FaultRule *rule, const char *id)
{
        Events *events = userdata;
        if (events_wanted(events, "fault-applied", id))
                tell_of(events, "fault-applied", id, rule, "station",
                        id ? cJSON_CreateString(id) : cJSON_CreateNull());
}

static void tell_ended(void *userdata, const FaultRule *rule, FaultEnd why)
{
        Events *events = userdata;
        const char *station = fault_rule_station(rule);
        if (events_wanted(events, "fault-ended", station))
                tell_of(events, "fault-ended", station, rule, "why",
                        cJSON_CreateString(fault_end_word(why)));
}

int events_new(Csms *csms, Events **ret)
{
        _cleanup_(freep) Events *events = calloc(1, sizeof(*events));
        if (!events)
                return -ENOMEM;
        int r = uuid_make(events->run);
        if (r < 0)
                return r;
        events->csms = csms;
        events->observer = (Observer){
                .joined = tell_station,
                .left = tell_station,
                .changed = tell_station,
                .frame_passed = tell_frame,
                .removed = tell_removed,
                .fault_set = tell_fault,
                .fault_applied = tell_applied,
                .fault_ended = tell_ended,
                .userdata = events,
        };
        csms_add_observer(csms, &events->observer);
        *ret = TAKE_PTR(events);
        return 0;
}

void events_free(Events *events)
{
        if (!events)
                return;
        while (events->first < events->end)
                forget_oldest(events);
        free(events);
}

/* ---- Listeners ---- */

/* The names of a list as bits; 0: one is unknown. */
static unsigned read_types(const char *list)
{
        unsigned wanted = 0;
        for (const char *p = list;; p++) {
                size_t size = strcspn(p, ",");
                int i = type_index(p, size);
                if (i < 0)
                        return 0;
                wanted |= 1u << i;
                p += size;
                if (!*p)
                        return wanted;
        }
}

/* Where a listener goes on who has read until this id. */
static void find_position(Listener *l, const char *id)
{
        Events *events = l->events;
        char *end = NULL;
        l->position = events->end;
        if (!id)
                return;
        const char *number = startswith(id, events->run);
        uint64_t n = number && *number == '-' ? strtoull(number + 1, &end, 10) : 0;
        if (!end || *end || n + 1 < events->first || n >= events->end)
                l->lost = true;
        else
                l->position = n + 1;
}

int events_listen(Events *events, const ListenerOptions *options, Listener **ret)
{
        unsigned frames = 1u << type_index("frame", strlen("frame"));
        unsigned wanted = options->types ? read_types(options->types)
                                         : (1u << ELEMENTSOF(types)) - 1 - frames;
        if (wanted == 0 || ((wanted & frames) && !options->station))
                return -EINVAL;
        if (events->listeners_count == LISTENERS_MAX)
                return -ENOBUFS;
        Listener *l = calloc(1, sizeof(*l));
        if (!l || (options->station && !(l->station = strdup(options->station)))) {
                free(l);
                return -ENOMEM;
        }
        l->events = events;
        l->wanted = wanted;
        l->options = *options;
        find_position(l, options->last_id);
        events->used = true;
        l->next = events->listeners;
        events->listeners = l;
        events->listeners_count++;
        *ret = l;
        return 0;
}

void events_stop(Listener *listener)
{
        Listener **p = &listener->events->listeners;
        while (*p != listener)
                p = &(*p)->next;
        *p = listener->next;
        listener->events->listeners_count--;
        free(listener->station);
        free(listener);
}

/* The next event of those that it wants; NULL: none, or some were missed. */
static const Kept *take(Listener *l)
{
        Events *events = l->events;
        if (l->position < events->first) {
                l->position = events->end;
                l->lost = true;
        }
        while (!l->lost && l->position < events->end) {
                const Kept *kept = &events->kept[l->position++ % EVENTS_KEPT_MAX];
                if (!kept->data)
                        l->lost = true;
                else if (fits(l, kept->type, kept->station))
                        return kept;
        }
        return NULL;
}

static char *format_event(const Events *events, uint64_t number, const char *type, const char *data)
{
        return str_printf("id: %s-%" PRIu64 "\nevent: %s\ndata: %s\n\n", events->run, number, type,
                          data);
}

char *events_next(Listener *listener)
{
        const Events *events = listener->events;
        size_t size = 0;
        char *text = NULL;
        FILE *out = open_memstream(&text, &size);
        if (!out)
                return NULL;
        for (const Kept *kept; size < BATCH_SIZE && (kept = take(listener));) {
                _cleanup_(freep) char *event =
                        format_event(events, listener->position - 1, kept->type, kept->data);
                listener->lost =
                        listener->lost || !event || fputs(event, out) < 0 || fflush(out) != 0;
        }
        if (listener->lost && size < BATCH_SIZE) {
                _cleanup_(freep) char *event =
                        format_event(events, listener->position - 1, "lost", "{}");
                listener->lost = !event || fputs(event, out) < 0;
        }
        if (fclose(out) != 0 || size == 0) {
                free(text);
                text = NULL;
        }
        listener->waiting = !text;
        return text;
}
