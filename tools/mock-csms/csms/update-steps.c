/* See update-steps.h. */
#include "update-steps.h"
#include "fields.h"
#include "filter.h"
#include "station.h"
#include <math.h>

/* clang-format off */
typedef enum StepKind { STEP_ORDER, STEP_ANSWER, STEP_STATUS, STEP_BOOT, STEP_KIND_MAX } StepKind;
static const char *const kind_words[STEP_KIND_MAX] = {
        [STEP_ORDER]  = "order",
        [STEP_ANSWER] = "answer",
        [STEP_STATUS] = "status",
        [STEP_BOOT]   = "boot",
};
static const EnumTable kinds = WORDS(kind_words);

/* A step as JSON, in REST and in the state. */
typedef struct StepForm {
        int kind;
        char *status;
        usec_t at;
        char *action; /* of an order */
        int64_t request_id;
        char *version; /* that BootNotification told */
} StepForm;
static const Field form_fields[] = {
        ENUM_FIELD(  "kind",            REQUIRED, StepForm, kind, kinds),
        STRING_FIELD("status",          REQUIRED, StepForm, status,  STATUS_WORD_MAX),
        TIME_FIELD(  "at",              REQUIRED, StepForm, at),
        STRING_FIELD("action",          OPTIONAL, StepForm, action,  STATUS_WORD_MAX),
        INT_FIELD(   "requestId",       OPTIONAL, StepForm, request_id),
        STRING_FIELD("firmwareVersion", OPTIONAL, StepForm, version, FIELD_TEXT_MAX),
};
/* clang-format on */
static const Table form_table = TABLE("step", form_fields);
static const CodecRules form_rules = {.unknown_is_violation = true};

struct UpdateStep {
        UpdateStep *next;
        usec_t at;
        int64_t request_id; /* of the first step; NO_INT: none */
        StepKind kind;
        const char *more; /* behind the status: the action of an order, the version of a boot; NULL:
                             nothing */
        char status[];
};

static UpdateStep *last_of(UpdateStep *step)
{
        while (step && step->next)
                step = step->next;
        return step;
}

static UpdateStep *step_new(const UpdateStep *like, const char *status, const char *more)
{
        size_t n = strlen(status) + 1, m = more ? strlen(more) + 1 : 0;
        UpdateStep *step = malloc(sizeof(*step) + n + m);
        if (!step)
                return NULL;
        *step = *like;
        memcpy(step->status, status, n);
        if (more)
                step->more = memcpy(step->status + n, more, m);
        return step;
}

/* Of too many the second goes: the first one says what was ordered. */
static void make_room(UpdateStep *first)
{
        int count = 0;
        for (const UpdateStep *step = first; step; step = step->next)
                count++;
        if (count < UPDATE_STEPS_MAX)
                return;
        UpdateStep *second = first->next;
        first->next = second->next;
        free(second);
}

/* Puts it behind the others, or in their place. */
static void add(Station *station, bool begins, const UpdateStep *like, const char *status,
                const char *more)
{
        UpdateStep *step = step_new(like, status, more);
        if (!step)
                return;
        if (begins)
                steps_forget(station);
        if (station->steps) {
                make_room(station->steps);
                last_of(station->steps)->next = step;
        } else {
                station->steps = step;
        }
}

void steps_forget(Station *station)
{
        for (UpdateStep *step = station->steps, *next; step; step = next) {
                next = step->next;
                free(step);
        }
        station->steps = NULL;
}

int64_t update_request_id(const cJSON *payload)
{
        const cJSON *id = cJSON_GetObjectItemCaseSensitive(payload, "requestId");
        return cJSON_IsNumber(id) && fabs(id->valuedouble) <= INT32_MAX ? (int64_t)id->valuedouble
                                                                        : NO_INT;
}

static bool is_order(const char *action)
{
        return streq(action, "UpdateFirmware") || streq(action, "SignedUpdateFirmware");
}

void steps_ordered(Station *station, const char *action, const cJSON *payload)
{
        if (!is_order(action))
                return;
        /* that of a push is text already */
        _cleanup_(cJSON_Deletep) cJSON *parsed =
                cJSON_IsRaw(payload) ? cJSON_Parse(payload->valuestring) : NULL;
        add(station, true,
            &(UpdateStep){.kind = STEP_ORDER,
                          .at = wallclock_now(),
                          .request_id = update_request_id(parsed ? parsed : payload)},
            "Ordered", action);
}

/* The status of its answer, which 1.6 UpdateFirmware has not; the code of its error. */
static const char *word_of(const CallOutcome *outcome)
{
        const cJSON *status = cJSON_GetObjectItemCaseSensitive(outcome->result, "status");
        switch (outcome->end) {
        case CALL_RESULT:
                return cJSON_IsString(status) ? status->valuestring : "Answered";
        case CALL_ERROR:
                return outcome->code;
        case CALL_TIMEOUT:
                return "timeout";
        case CALL_GONE:
                break;
        }
        return "gone";
}

bool steps_answered(Station *station, const char *action, const CallOutcome *outcome)
{
        if (!is_order(action))
                return false;
        _cleanup_(freep) char *word = utf8_clip(word_of(outcome), STATUS_WORD_MAX);
        if (word)
                add(station, false,
                    &(UpdateStep){.kind = STEP_ANSWER, .at = wallclock_now(), .request_id = NO_INT},
                    word, NULL);
        return true;
}

/* The phase of the newest status in the list; PHASE_NONE: it has none. */
static int phase_of(const UpdateStep *step)
{
        int phase = PHASE_NONE;
        for (; step; step = step->next)
                if (step->kind == STEP_STATUS)
                        phase = update_phase(step->status);
        return phase;
}

/* Whether the status is about another update than the list. Messages that name no request are about
 * the same, unless that was installed. */
static bool is_another(const UpdateStep *first, const UpdateState *update)
{
        if (first->request_id != NO_INT && update->request_id != NO_INT)
                return first->request_id != update->request_id;
        return phase_of(first) == PHASE_INSTALLED && update_phase(update->status) == PHASE_RUNNING;
}

void steps_status(Station *station)
{
        const UpdateState *update = &station->update;
        const UpdateStep *last = last_of(station->steps);
        bool begins = !last || is_another(station->steps, update);
        bool is_idle = update_phase(update->status) == PHASE_NONE; /* of no update */
        bool is_told =
                !last ? is_idle
                      : !begins && last->kind == STEP_STATUS && streq(last->status, update->status);
        if (!is_told)
                add(station, begins,
                    &(UpdateStep){.kind = STEP_STATUS,
                                  .at = wallclock_now(),
                                  .request_id = begins ? update->request_id : NO_INT},
                    update->status, NULL);
}

/* A station may boot again and again, long after the update: behind its end the first one counts.
 */
void steps_booted(Station *station)
{
        const UpdateStep *last = last_of(station->steps);
        if (!last)
                return;
        int phase = phase_of(station->steps);
        if (last->kind == STEP_BOOT && (phase == PHASE_INSTALLED || phase == PHASE_FAILED ||
                                        streq(strempty(last->more), station->version)))
                return;
        add(station, false,
            &(UpdateStep){.kind = STEP_BOOT, .at = wallclock_now(), .request_id = NO_INT},
            "BootNotification", *station->version ? station->version : NULL);
}

/* ---- as JSON ---- */

static cJSON *describe(const UpdateStep *step)
{
        CodecError error;
        cJSON *o = NULL;
        StepForm form = {.kind = (int)step->kind,
                         .status = (char *)step->status,
                         .at = step->at,
                         .action = step->kind == STEP_ORDER ? (char *)step->more : NULL,
                         .request_id = step->request_id,
                         .version = step->kind == STEP_BOOT ? (char *)step->more : NULL};
        return codec_encode(&form_table, &form, &o, &error) < 0 ? NULL : o;
}

cJSON *steps_describe(const Station *station)
{
        _cleanup_(cJSON_Deletep) cJSON *list = cJSON_CreateArray();
        for (const UpdateStep *step = station->steps; step && list; step = step->next)
                if (!cJSON_AddItemToArray(list, describe(step)))
                        return NULL;
        return TAKE_PTR(list);
}

/* Takes one more. 0; -EINVAL; -ENOMEM. */
static int restore(Station *station, const cJSON *json)
{
        CodecError error;
        StepForm form = {.request_id = NO_INT};
        int r = cJSON_IsObject(json) ? codec_decode(&form_table, form_rules, json, &form, &error)
                                     : -EINVAL;
        if (r == 0)
                add(station, false,
                    &(UpdateStep){.kind = (StepKind)form.kind,
                                  .at = form.at,
                                  .request_id = form.request_id},
                    form.status, form.kind == STEP_ORDER ? form.action : form.version);
        codec_done(&form_table, &form);
        return r == 0 || r == -ENOMEM ? r : -EINVAL;
}

int steps_restore(Station *station, const char *text)
{
        const cJSON *step;
        _cleanup_(cJSON_Deletep) cJSON *list = NULL;
        int r = json_parse(text, strlen(text), &list);
        if (r < 0)
                return r == -ENOMEM ? r : -EINVAL;
        int count = cJSON_GetArraySize(list);
        if (!cJSON_IsArray(list) || count < 1 || count > UPDATE_STEPS_MAX)
                return -EINVAL;
        cJSON_ArrayForEach (step, list)
                if ((r = restore(station, step)) < 0)
                        return r;
        return 0;
}
