/* See update-steps.h. */
#include "update-steps.h"
#include "fields.h"
#include "filter.h"
#include "json-add.h"
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

/* What a kept list must be. */
static const Field step_fields[] = {
        IGNORED_WORD(  "kind",            REQUIRED, kinds),
        IGNORED_STRING("status",          REQUIRED, STATUS_WORD_MAX),
        IGNORED_STRING("at",              REQUIRED, TIME_TEXT_MAX),
        IGNORED_STRING("action",          OPTIONAL, STATUS_WORD_MAX),
        IGNORED_FIELD( "requestId",       OPTIONAL, JSON_INTEGER),
        IGNORED_STRING("firmwareVersion", OPTIONAL, FIELD_TEXT_MAX),
};
static const Table step_table = TABLE("step", step_fields);
/* clang-format on */

typedef struct Step {
        StepKind kind;
        const char *status;
        const char *action;  /* of the order */
        int64_t request_id;  /* of the first step; NO_INT: none */
        const char *version; /* that BootNotification told */
} Step;

static const char *text_of(const cJSON *step, const char *name)
{
        return strempty(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(step, name)));
}

static bool is_kind(const cJSON *step, StepKind kind)
{
        return streq(text_of(step, "kind"), kind_words[kind]);
}

static cJSON *last_of(const cJSON *list)
{
        return cJSON_GetArrayItem(list, cJSON_GetArraySize(list) - 1);
}

cJSON *steps_describe(const Station *station)
{
        return station->steps ? cJSON_Parse(station->steps) : cJSON_CreateArray();
}

static cJSON *step_new(const Step *step)
{
        _cleanup_(cJSON_Deletep) cJSON *o = cJSON_CreateObject();
        if (!o || !json_add_text(o, "kind", kind_words[step->kind]) ||
            !json_add_text(o, "status", step->status) || !json_add_time(o, "at", wallclock_now()) ||
            !json_add_text_if(o, "action", step->action) ||
            !json_add_number_if(o, "requestId", step->request_id) ||
            !json_add_text_if(o, "firmwareVersion", step->version))
                return NULL;
        return TAKE_PTR(o);
}

/* Of too many the second goes: the first one says what was ordered. */
static int make_room(Station *station)
{
        _cleanup_(cJSON_Deletep) cJSON *list = steps_describe(station);
        cJSON_DeleteItemFromArray(list, 1);
        char *text = cJSON_PrintUnformatted(list);
        if (!text)
                return -ENOMEM;
        free(station->steps);
        station->steps = text;
        station->steps_count--;
        return 0;
}

/* Puts it behind the others, or in their place. As text: a push adds two to each of its stations,
 * which hardly anybody looks at. */
static void add(Station *station, bool begins, const Step *step)
{
        begins |= !station->steps;
        if (!begins && station->steps_count == UPDATE_STEPS_MAX && make_room(station) < 0)
                return;
        _cleanup_(cJSON_Deletep) cJSON *o = step_new(step);
        _cleanup_(freep) char *one = o ? cJSON_PrintUnformatted(o) : NULL;
        size_t kept = begins ? 0 : strlen(station->steps) - strlen("]");
        char *text = one ? str_printf("%.*s%c%s]", (int)kept, strempty(station->steps),
                                      begins ? '[' : ',', one)
                         : NULL;
        if (!text)
                return;
        free(station->steps);
        station->steps = text;
        station->steps_count = begins ? 1 : station->steps_count + 1;
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
            &(Step){.kind = STEP_ORDER,
                    .status = "Ordered",
                    .action = action,
                    .request_id = update_request_id(parsed ? parsed : payload)});
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
                    &(Step){.kind = STEP_ANSWER, .status = word, .request_id = NO_INT});
        return true;
}

/* The phase of the newest status in the list; PHASE_NONE: it has none. */
static int phase_of(const cJSON *list)
{
        int phase = PHASE_NONE;
        const cJSON *step;
        cJSON_ArrayForEach (step, list)
                if (is_kind(step, STEP_STATUS))
                        phase = update_phase(text_of(step, "status"));
        return phase;
}

/* Whether the status is about another update than the list. Messages that name no request are about
 * the same, unless that was installed. */
static bool is_another(const cJSON *list, const UpdateState *update)
{
        int64_t id = update_request_id(list->child);
        if (id != NO_INT && update->request_id != NO_INT)
                return id != update->request_id;
        return phase_of(list) == PHASE_INSTALLED && update_phase(update->status) == PHASE_RUNNING;
}

void steps_status(Station *station)
{
        const UpdateState *update = &station->update;
        _cleanup_(cJSON_Deletep) cJSON *list = steps_describe(station);
        if (!list)
                return;
        const cJSON *last = last_of(list);
        bool begins = !last || is_another(list, update);
        bool is_idle = update_phase(update->status) == PHASE_NONE; /* of no update */
        bool is_told = !last ? is_idle
                             : !begins && is_kind(last, STEP_STATUS) &&
                                       streq(text_of(last, "status"), update->status);
        if (!is_told)
                add(station, begins,
                    &(Step){.kind = STEP_STATUS,
                            .status = update->status,
                            .request_id = begins ? update->request_id : NO_INT});
}

/* A station may boot again and again, long after the update: behind its end the first one counts.
 */
void steps_booted(Station *station)
{
        if (!station->steps)
                return;
        _cleanup_(cJSON_Deletep) cJSON *list = steps_describe(station);
        const cJSON *last = last_of(list);
        int phase = phase_of(list);
        if (last && is_kind(last, STEP_BOOT) &&
            (phase == PHASE_INSTALLED || phase == PHASE_FAILED ||
             streq(text_of(last, "firmwareVersion"), station->version)))
                return;
        add(station, false,
            &(Step){.kind = STEP_BOOT,
                    .status = "BootNotification",
                    .request_id = NO_INT,
                    .version = *station->version ? station->version : NULL});
}

int steps_restore(Station *station, const char *text)
{
        CodecError error;
        const cJSON *step;
        _cleanup_(cJSON_Deletep) cJSON *list = NULL;
        int r = json_parse(text, strlen(text), &list);
        if (r < 0)
                return r == -ENOMEM ? r : -EINVAL;
        int count = cJSON_GetArraySize(list);
        if (!cJSON_IsArray(list) || count < 1 || count > UPDATE_STEPS_MAX)
                return -EINVAL;
        cJSON_ArrayForEach (step, list)
                if (!cJSON_IsObject(step) ||
                    codec_decode(&step_table, (CodecRules){.unknown_is_violation = true}, step,
                                 NULL, &error) < 0)
                        return -EINVAL;
        r = str_replace(&station->steps, text);
        if (r == 0)
                station->steps_count = count;
        return r;
}
