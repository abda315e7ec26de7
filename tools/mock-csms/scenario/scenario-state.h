/* A run from the inside, for the files that make it up. */
#pragma once

#include "csms.h"
#include "scenario-await.h"
#include "scenario-report.h"
#include "scenario-run.h"

/* Events that no step has looked at yet, and the bytes of their payloads. */
#define INBOX_MAX 1024
#define INBOX_BYTES_MAX ((size_t)16 << 20)
/* Fixed answers and marks at a time (a step sets one); actions named as unchecked. */
#define RULES_MAX 32
#define MARKS_MAX STEPS_MAX
#define UNCHECKED_MAX 32
/* How long a station that is there may take until its BootNotification: one that comes back sends
 * none. */
#define BOOT_WAIT (3 * USEC_PER_SEC)
/* How long we stay after the last scenario. */
#define LINGER (200 * USEC_PER_MSEC)
#define REASON_MAX 1024

typedef enum Phase { PHASE_IDLE, PHASE_STATION, PHASE_STEPS, PHASE_LINGER, PHASE_OVER } Phase;

/* How far a step is. */
typedef enum Progress { PENDING, PASSED, FAILED } Progress;

/* A fixed answer to the calls of an action. */
typedef struct Rule {
        const Step *step;
        int64_t left; /* uses; 0: any number */
} Rule;

/* When something happened that times are measured from. */
typedef struct Mark {
        const char *name; /* borrowed of the scenario */
        usec_t when;
} Mark;

/* The call of a step "call", and how it ended. */
typedef struct Asked {
        Call *call; /* NULL: none is open */
        bool ended;
        CallEnd end;
        cJSON *result;                            /* owned */
        char code[FAULT_CODE_MAX + 1], text[256]; /* of a CALLERROR */
        usec_t when;
} Asked;

struct ScenarioRun {
        RunOptions options;
        RunDoors doors;
        Observer observer;
        Csms *csms;
        Report *report;
        char (*unchecked)[FAULT_ACTION_MAX + 1]; /* owned; UNCHECKED_MAX of them */
        size_t unchecked_count;
        bool online, booted; /* the station is there; its boot was seen on this connection */
        usec_t joined_at;
        /* of the running scenario */
        Phase phase;
        size_t index; /* in the suite */
        const Scenario *scenario;
        size_t step;
        bool step_started;
        usec_t began, step_began, deadline;
        Values values;
        Event inbox[INBOX_MAX]; /* a ring */
        size_t first, count, bytes;
        Rule rules[RULES_MAX];
        size_t rules_count;
        Mark marks[MARKS_MAX];
        size_t marks_count;
        usec_t refuse_until; /* 0: connections are taken */
        int64_t refuse_left; /* how many more are refused; 0: any number */
        Asked asked;
        bool hook_runs, hook_ended;
        int hook_status;
        char trouble[REASON_MAX]; /* what fails the scenario at the next tick; "" nothing */
        char reason[REASON_MAX];  /* why the step failed */
        usec_t instant;           /* when what the step waited for happened */
};

static inline const Step *run_step(const ScenarioRun *run)
{
        return &run->scenario->steps[run->step];
}

/* Writes why the step fails. FAILED. */
Progress run_fail(ScenarioRun *run, const char *format, ...) _printf_(2, 3);
/* Has run_tick() called. */
void run_wake(ScenarioRun *run);

/* ---- scenario-act.c: steps that do something ---- */

/* Begins the step: sets its deadline and does it. PENDING where there is something to wait for. */
Progress act_start(ScenarioRun *run, const Step *step, usec_t now);
/* Looks whether it has ended. */
Progress act_check(ScenarioRun *run, const Step *step, usec_t now);
/* Takes back what steps have set up: answers, faults, refusals, a call, a hook. */
void act_clean(ScenarioRun *run);
/* A fixed answer to a call, owned by the caller; NULL: there is none. */
cJSON *act_answer(ScenarioRun *run, const char *action);

/* ---- scenario-inbox.c: what came ---- */

/* Puts an event in. action and payload may be NULL. */
void inbox_put(ScenarioRun *run, EventKind kind, const char *action, const cJSON *payload);
/* The i-th event; NULL: there are fewer. */
const Event *inbox_get(const ScenarioRun *run, size_t i);
/* Forgets the first event, or all. */
void inbox_pop(ScenarioRun *run);
void inbox_clear(ScenarioRun *run);
/* Whether an event may come at any time. */
bool inbox_allows(const ScenarioRun *run, const Event *event);
/* Feeds events to the awaits from this step on; run->step moves on with them. */
Progress inbox_check_awaits(ScenarioRun *run, usec_t now);
/* Whether none of the events is what must not come. */
Progress inbox_check_no(ScenarioRun *run, const Step *step, usec_t now);
/* Whether nothing is left that no step awaited. */
Progress inbox_check_rest(ScenarioRun *run);
