/* A scenario: what is done to a station, and what is awaited of it. Its file is described in
 * docs/mock-csms.md. Read once, checked whole, then never changed but for the state of its awaits.
 */
#pragma once

#include "fault.h"
#include "json.h"

/* Bytes of a scenario file, steps in it, awaits in a step, how deep those are nested. */
#define SCENARIO_BYTES_MAX ((size_t)1 << 20)
#define STEPS_MAX 1000
#define AWAITS_MAX 100
#define AWAIT_DEPTH_MAX 8
/* Bytes of its id and of a name in it. */
#define SCENARIO_ID_MAX 64
#define NAME_MAX_BYTES 64
/* Words of a hook, the longest time, and how long a step waits that doesn't say. */
#define HOOK_WORDS_MAX 16
#define DURATION_MAX (24 * USEC_PER_HOUR)
#define WITHIN_DEFAULT (30 * USEC_PER_SEC)

/* What may be awaited. */
typedef enum EventKind {
        STATION_CALLED,  /* the station called */
        STATION_CAME,    /* … came */
        STATION_WENT,    /* … went */
        STATION_REFUSED, /* … came while connections were refused */
        EVENT_KIND_MAX,
} EventKind;

typedef enum AwaitKind {
        AWAIT_EXPECT,    /* one event */
        AWAIT_LIST,      /* its items one after the other */
        AWAIT_ANY_ORDER, /* all of its items, mixed as they like */
        AWAIT_ONE_OF,    /* the item that takes the first event */
        AWAIT_OPTIONAL,  /* its items, or nothing at all */
} AwaitKind;

/* What is awaited, as a tree, with how far it has come. */
typedef struct Await Await;
struct Await {
        AwaitKind kind;
        EventKind event;      /* EXPECT */
        const char *action;   /* EXPECT of a call; borrowed of the file, as those below */
        const cJSON *payload; /* … its pattern; NULL: any */
        const cJSON *save;    /* … what is kept of it; NULL: nothing */
        Await *items;         /* owned */
        size_t count;
        bool started, done; /* state: took an event; is satisfied and takes no more */
        size_t at;          /* … of LIST: the item that is next; of ONE_OF: the one taken */
};

typedef enum StepKind {
        STEP_AWAIT,
        STEP_NO,         /* an event that must not come for a time */
        STEP_CALL,       /* asks the station */
        STEP_ANSWER,     /* a fixed answer to the calls of an action from now on */
        STEP_FAULT,      /* as in REST */
        STEP_DISCONNECT, /* closes the connection */
        STEP_REFUSE,     /* refuses the station's connections from now on */
        STEP_HOOK,       /* runs the program of --hook */
        STEP_WAIT,       /* lets time go by */
        STEP_SET,        /* gives values to names */
        STEP_FORGET,     /* passes over all that came until now */
} StepKind;

/* A bound of a time: a span, or a multiple of the time between two marks. */
typedef struct Bound {
        bool given;
        usec_t span;           /* where factor is 0 */
        double factor;         /* of the time … */
        const char *from, *to; /* … between these marks; borrowed */
} Bound;

typedef struct Step {
        StepKind kind;
        const char *word;  /* the member that names the kind; borrowed of the file, as the others */
        const cJSON *body; /* its value */
        const cJSON *json; /* the whole step */
        const char *comment, *mark, *since; /* NULL: not given */
        Bound at_least, at_most;
        usec_t within; /* how long it may take; of NO and WAIT how long it does */
        Await await;   /* STEP_AWAIT, STEP_NO */
        Fault fault;   /* STEP_FAULT */
        int64_t times; /* ANSWER, REFUSE: how often; 0: until the scenario ends (REFUSE: within) */
} Step;

typedef struct Scenario {
        char *path;
        cJSON *json;
        const char *id, *name;  /* borrowed of json, as the others */
        const cJSON *protocols; /* subprotocols it is for; NULL: all */
        const cJSON *variables; /* name: value; null: must be set; NULL: none */
        const cJSON *allow;     /* actions that may come at any time beside the usual; NULL: none */
        bool only;              /* no action may come that is not awaited */
        usec_t station_within;  /* how long the station may take to be there */
        Step *steps;
        size_t count;
} Scenario;

/* What is wrong with a file, and where. */
typedef struct ScenarioError {
        char where[128]; /* "line 7", "steps[3].call.action" */
        char text[256];  /* what was expected */
} ScenarioError;

/* Reads a file. 0 and *ret; -EINVAL with *reterr; negative errno of reading; -ENOMEM. */
int scenario_load(const char *path, Scenario **ret, ScenarioError *reterr);
/* The same from its bytes; path is what it is called. */
int scenario_parse(const char *path, const char *text, size_t size, Scenario **ret,
                   ScenarioError *reterr);
void scenario_free(Scenario *scenario);
DEFINE_CLEANUP(Scenario *, scenario_free)

/* Whether it is for this subprotocol. */
bool scenario_is_for(const Scenario *scenario, const char *subprotocol);
/* The word of an event: "call", "connected" … */
const char *event_word(EventKind kind);
