/* See fault-rules.h. */
#include "fault-rules.h"
#include "draw.h"
#include "station.h"
#include <math.h>

/* How often a rule has applied to an identity, by the hash of that. */
typedef struct Use {
        uint64_t key; /* 0: free */
        int64_t count;
} Use;

/* Identities that a rule counts for, at most half of its places; a rule is not for more. */
#define USES_MAX ((size_t)65536)
#define LEFT_OUT INT64_MAX

struct FaultRule {
        int64_t id;
        FaultTarget target;
        Fault fault;
        usec_t until; /* boottime */
        uint64_t applied;
        Use *uses; /* open addressing; uses_size is a power of 2 */
        size_t uses_count, uses_size;
};

/* Never 0. */
static uint64_t hash(const char *seed, const char *id)
{
        return draw_number(seed, id) | 1;
}

bool fault_share_has(const char *seed, const char *id, double percent)
{
        return (double)(hash(seed, id) >> 11) * 0x1p-53 * 100 < percent;
}

static void rule_free(FaultRule *rule)
{
        fault_target_done(&rule->target);
        free(rule->uses);
        free(rule);
}

/* ---- how often ---- */

static Use *place_of(Use *uses, size_t size, uint64_t key)
{
        size_t i = key >> 1 & (size - 1); /* the lowest bit is always set */
        while (uses[i].key && uses[i].key != key)
                i = (i + 1) & (size - 1);
        return &uses[i];
}

static int grow(FaultRule *rule)
{
        size_t size = rule->uses_size ? rule->uses_size * 2 : 16;
        Use *uses = size <= USES_MAX ? calloc(size, sizeof(*uses)) : NULL;
        if (!uses)
                return size > USES_MAX ? -ENOSPC : -ENOMEM;
        for (size_t i = 0; i < rule->uses_size; i++)
                if (rule->uses[i].key)
                        *place_of(uses, size, rule->uses[i].key) = rule->uses[i];
        free(rule->uses);
        rule->uses = uses;
        rule->uses_size = size;
        return 0;
}

static int64_t used(const FaultRule *rule, const char *id)
{
        return rule->uses_size ? place_of(rule->uses, rule->uses_size, hash("", id))->count : 0;
}

static int set_used(FaultRule *rule, const char *id, int64_t count)
{
        uint64_t key = hash("", id);
        bool known = rule->uses_size && place_of(rule->uses, rule->uses_size, key)->key;
        if (!known && rule->uses_count * 2 >= rule->uses_size) {
                int r = grow(rule);
                if (r < 0)
                        return r;
        }
        Use *use = place_of(rule->uses, rule->uses_size, key);
        rule->uses_count += use->key == 0;
        *use = (Use){key, count};
        return 0;
}

/* ---- whom ---- */

/* station: NULL if the identity was never seen; a filter has nothing to look at then. */
static bool is_for(const FaultRule *rule, const char *id, const Station *station)
{
        const FaultTarget *target = &rule->target;
        if (*target->station && !streq(target->station, id))
                return false;
        if (!fault_share_has(target->seed, id, target->percent))
                return false;
        return !target->filtered || (station && filter_matches(&target->filter, station));
}

/* Whether it goes on for this identity: it is for it, and is not used up there. */
static bool holds(const FaultRule *rule, const char *id, const Station *station)
{
        int64_t count = used(rule, id);
        return is_for(rule, id, station) && count != LEFT_OUT &&
               (rule->fault.times == 0 || (double)count < rule->fault.times);
}

static bool is_only_for(const FaultRule *rule, const char *id)
{
        return streq(rule->target.station, id);
}

/* ---- the list ---- */

const FaultRule *fault_rules_find(const Csms *csms, int64_t id)
{
        for (size_t i = 0; i < csms->rules_count; i++)
                if (csms->rules[i]->id == id)
                        return csms->rules[i];
        return NULL;
}

/* Connections go on as if it had never been. */
static void end_lines(Csms *csms, int64_t id)
{
        for (size_t i = 0; i < csms->count; i++) {
                Station *station = csms->stations[i];
                if (station->line.rule != id)
                        continue;
                if (station->conn)
                        conn_read_at(station->conn, CONN_NO_LIMIT);
                station->line = (LineFault){0};
        }
}

static void drop(Csms *csms, size_t i, FaultEnd why)
{
        FaultRule *rule = csms->rules[i];
        memmove(&csms->rules[i], &csms->rules[i + 1],
                (--csms->rules_count - i) * sizeof(FaultRule *));
        if (fault_place(rule->fault.kind) == FAULT_OF_LINE)
                end_lines(csms, rule->id);
        TELL(csms, fault_ended, rule, why);
        rule_free(rule);
}

static bool remove_rule(Csms *csms, int64_t id, FaultEnd why)
{
        for (size_t i = 0; i < csms->rules_count; i++)
                if (csms->rules[i]->id == id) {
                        drop(csms, i, why);
                        return true;
                }
        return false;
}

bool fault_rules_remove(Csms *csms, int64_t id)
{
        return remove_rule(csms, id, FAULT_DELETED);
}

void fault_rules_clear(Csms *csms)
{
        while (csms->rules_count > 0)
                drop(csms, csms->rules_count - 1, FAULT_DELETED);
}

/* What is about the same: the answers to one action, or connections. */
static bool is_about(const Fault *fault, const char *action)
{
        return streq(fault->action, action);
}

int fault_rules_drop(Csms *csms, const char *station, const char *action)
{
        for (size_t i = csms->rules_count; i-- > 0;) {
                FaultRule *rule = csms->rules[i];
                if (!is_about(&rule->fault, action))
                        continue;
                if (!station || is_only_for(rule, station)) {
                        drop(csms, i, FAULT_DELETED);
                        continue;
                }
                if (!is_for(rule, station, csms_find(csms, station)))
                        continue;
                int r = set_used(rule, station, LEFT_OUT);
                if (r < 0)
                        return r;
                Station *known = csms_find(csms, station);
                if (known && known->line.rule == rule->id && known->conn)
                        conn_read_at(known->conn, CONN_NO_LIMIT);
                if (known && known->line.rule == rule->id)
                        known->line = (LineFault){0};
                TELL(csms, fault_set, rule);
        }
        return 0;
}

/* Whether both have the same conditions; where memory lacks, not. */
static bool same_filter(const FaultTarget *a, const FaultTarget *b)
{
        if (!a->filtered || !b->filtered)
                return a->filtered == b->filtered;
        _cleanup_(cJSON_Deletep) cJSON *one = filter_describe(&a->filter);
        _cleanup_(cJSON_Deletep) cJSON *other = filter_describe(&b->filter);
        return one && other && cJSON_Compare(one, other, true);
}

/* Whether a new fault takes the place of this one. */
static bool is_replaced(const FaultRule *old, const FaultTarget *target, const Fault *fault)
{
        bool same = *fault->action ? streq(old->fault.action, fault->action)
                                   : old->fault.kind == fault->kind;
        return same && same_filter(&old->target, target) &&
               streq(old->target.station, target->station) &&
               old->target.percent == target->percent && streq(old->target.seed, target->seed);
}

static int append(Csms *csms, FaultTarget *target, const Fault *fault)
{
        if (csms->rules_count == FAULT_RULES_MAX)
                return -ENOSPC;
        FaultRule *rule = calloc(1, sizeof(*rule));
        if (!rule)
                return -ENOMEM;
        *rule = (FaultRule){.id = ++csms->last_rule,
                            .target = *target,
                            .fault = *fault,
                            .until = USEC_INFINITY};
        *target = (FaultTarget){0};
        if (fault->duration >= 0) {
                rule->until = boottime_now() + (usec_t)(fault->duration * (double)USEC_PER_SEC);
                csms->options.wake_at(csms->options.userdata, rule->until);
        }
        csms->rules[csms->rules_count++] = rule;
        return 0;
}

int fault_rules_add(Csms *csms, FaultTarget *target, const Fault *fault, const FaultRule **ret)
{
        _cleanup_(fault_target_done) FaultTarget owned = *target;
        *target = (FaultTarget){0};
        if (fault->kind == FAULT_NONE) {
                if (ret)
                        *ret = NULL;
                return fault_rules_drop(csms, *owned.station ? owned.station : NULL, fault->action);
        }
        for (size_t i = csms->rules_count; i-- > 0;)
                if (is_replaced(csms->rules[i], &owned, fault))
                        drop(csms, i, FAULT_REPLACED);
        int r = append(csms, &owned, fault);
        if (r < 0)
                return r;
        const FaultRule *rule = csms->rules[csms->rules_count - 1];
        if (ret)
                *ret = rule;
        TELL(csms, fault_set, rule);
        for (size_t i = 0; fault_place(fault->kind) == FAULT_OF_LINE && i < csms->count; i++)
                if (csms->stations[i]->conn &&
                    holds(rule, csms->stations[i]->id, csms->stations[i]))
                        fault_line_open(csms->stations[i]);
        return 0;
}

/* One use of it; false: that can't be counted, so it is none. What was for one station, or the
 * server, and is used up goes; but one that goes on in a connection stays, to be taken away. */
static bool use(Csms *csms, FaultRule *rule, const char *id)
{
        FaultPlace place = fault_place(rule->fault.kind);
        int64_t count = rule->fault.times == 0 ? 0 : used(rule, id) + 1;
        if (count > 0 && set_used(rule, id, count) < 0)
                return false;
        rule->applied++;
        TELL(csms, fault_applied, rule, place == FAULT_OF_SERVER ? NULL : id);
        if ((*rule->target.station || place == FAULT_OF_SERVER) && place != FAULT_OF_LINE &&
            count > 0 && (double)count >= rule->fault.times)
                (void)remove_rule(csms, rule->id, FAULT_USED_UP);
        return true;
}

bool fault_take_answer(Station *station, const char *action, Fault *ret)
{
        Csms *csms = station->csms;
        for (size_t i = csms->rules_count; i-- > 0;) {
                FaultRule *rule = csms->rules[i];
                if (!*rule->fault.action || !is_about(&rule->fault, action) ||
                    !holds(rule, station->id, station))
                        continue;
                *ret = rule->fault;
                if (use(csms, rule, station->id))
                        return true;
        }
        return false;
}

bool fault_take_kind(Csms *csms, FaultKind kind, const char *id, Fault *ret)
{
        const char *name = strempty(id);
        for (size_t i = csms->rules_count; i-- > 0;) {
                FaultRule *rule = csms->rules[i];
                if (rule->fault.kind != kind || !holds(rule, name, csms_find(csms, name)))
                        continue;
                *ret = rule->fault;
                if (use(csms, rule, name))
                        return true;
        }
        return false;
}

/* ---- connections ---- */

static void begin_line(Station *station)
{
        Csms *csms = station->csms;
        LineFault *line = &station->line;
        line->begun = true;
        for (size_t i = 0; i < csms->rules_count; i++)
                if (csms->rules[i]->id == line->rule && !use(csms, csms->rules[i], station->id)) {
                        *line = (LineFault){0};
                        return;
                }
        if (line->fault.kind == FAULT_DISCONNECT)
                conn_close(station->conn, CLOSE_GOING_AWAY);
        else if (line->fault.kind == FAULT_HALFOPEN)
                conn_read_at(station->conn, 0);
        else
                conn_read_at(station->conn, (int64_t)line->fault.bytes_per_second);
}

static void begin_lines(Csms *csms, usec_t now)
{
        if (csms->lines_begin > now)
                return;
        csms->lines_begin = USEC_INFINITY;
        for (size_t i = 0; i < csms->count; i++) {
                Station *station = csms->stations[i];
                LineFault *line = &station->line;
                if (!line->rule || line->begun || !station->conn)
                        continue;
                if (line->begins > now)
                        csms->lines_begin = MIN(csms->lines_begin, line->begins);
                else
                        begin_line(station);
        }
}

usec_t fault_rules_tick(Csms *csms, usec_t now)
{
        begin_lines(csms, now);
        usec_t next = csms->lines_begin;
        for (size_t i = csms->rules_count; i-- > 0;) {
                if (csms->rules[i]->until <= now)
                        drop(csms, i, FAULT_OVER);
                else
                        next = MIN(next, csms->rules[i]->until);
        }
        return next;
}

void fault_line_open(Station *station)
{
        Csms *csms = station->csms;
        for (size_t i = csms->rules_count; i-- > 0;) {
                const FaultRule *rule = csms->rules[i];
                const Fault *fault = &rule->fault;
                if (fault_place(fault->kind) != FAULT_OF_LINE || !holds(rule, station->id, station))
                        continue;
                conn_read_at(station->conn, CONN_NO_LIMIT); /* what went on before ends */
                station->line = (LineFault){.rule = rule->id,
                                            .fault = *fault,
                                            .begins = USEC_INFINITY,
                                            .frames = fault->frames};
                if (fault->seconds > 0) {
                        station->line.begins =
                                boottime_now() + (usec_t)(fault->seconds * (double)USEC_PER_SEC);
                        csms->lines_begin = MIN(csms->lines_begin, station->line.begins);
                        csms->options.wake_at(csms->options.userdata, station->line.begins);
                } else if (fault->frames < 0) {
                        begin_line(station);
                }
                return;
        }
}

void fault_line_frame(Station *station)
{
        LineFault *line = &station->line;
        if (line->rule && !line->begun && line->frames > 0 && --line->frames <= 0 && station->conn)
                begin_line(station);
}

void fault_line_closed(Station *station)
{
        Csms *csms = station->csms;
        const FaultRule *rule = fault_rules_find(csms, station->line.rule);
        station->line = (LineFault){0};
        if (rule && is_only_for(rule, station->id) && !holds(rule, station->id, station))
                (void)remove_rule(csms, rule->id, FAULT_USED_UP);
}

/* ---- told ---- */

static bool is_known_for(const FaultRule *rule, const Station *station)
{
        return is_for(rule, station->id, station) && used(rule, station->id) != LEFT_OUT;
}

cJSON *fault_rule_describe(const Csms *csms, const FaultRule *rule, bool stations)
{
        static const char *const place_words[FAULT_PLACE_MAX] = {
                [FAULT_OF_ANSWER] = "answer",
                [FAULT_OF_LINE] = "connection",
                [FAULT_OF_DOOR] = "handshake",
                [FAULT_OF_SERVER] = "server",
        };
        const FaultTarget *target = &rule->target;
        _cleanup_(cJSON_Deletep) cJSON *o = cJSON_CreateObject();
        cJSON *list = cJSON_CreateArray();
        double count = 0;
        for (size_t i = 0; list && i < csms->count; i++) {
                if (!is_known_for(rule, csms->stations[i]))
                        continue;
                count++;
                if (stations)
                        cJSON_AddItemToArray(list, cJSON_CreateString(csms->stations[i]->id));
        }
        bool fine = o && list && cJSON_AddNumberToObject(o, "id", (double)rule->id) &&
                    cJSON_AddStringToObject(o, "of", place_words[fault_place(rule->fault.kind)]) &&
                    fault_describe(&rule->fault, o) &&
                    (*target->station ? cJSON_AddStringToObject(o, "station", target->station)
                                      : cJSON_AddNullToObject(o, "station")) &&
                    cJSON_AddNumberToObject(o, "percent", target->percent) &&
                    cJSON_AddStringToObject(o, "seed", target->seed) &&
                    cJSON_AddNumberToObject(o, "applied", (double)rule->applied) &&
                    cJSON_AddNumberToObject(o, "stationsCount", count);
        cJSON *filter = fine && target->filtered ? filter_describe(&target->filter) : NULL;
        if (filter)
                cJSON_AddItemToObject(o, "filter", filter);
        if (fine && stations)
                cJSON_AddItemToObject(o, "stations", TAKE_PTR(list));
        cJSON_Delete(list);
        return fine && (!target->filtered || filter) ? TAKE_PTR(o) : NULL;
}

cJSON *fault_rule_brief(const FaultRule *rule)
{
        _cleanup_(cJSON_Deletep) cJSON *o = cJSON_CreateObject();
        return o && cJSON_AddNumberToObject(o, "id", (double)rule->id) &&
                               cJSON_AddStringToObject(o, "kind", fault_word(rule->fault.kind)) &&
                               cJSON_AddNumberToObject(o, "applied", (double)rule->applied)
                       ? TAKE_PTR(o)
                       : NULL;
}

const char *fault_rule_station(const FaultRule *rule)
{
        return *rule->target.station ? rule->target.station : NULL;
}

cJSON *fault_rules_describe(const Csms *csms)
{
        _cleanup_(cJSON_Deletep) cJSON *list = cJSON_CreateArray();
        for (size_t i = 0; list && i < csms->rules_count; i++) {
                cJSON *one = fault_rule_describe(csms, csms->rules[i], false);
                if (!one)
                        return NULL;
                cJSON_AddItemToArray(list, one);
        }
        return TAKE_PTR(list);
}
