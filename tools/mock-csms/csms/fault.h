/* What an operator wants to go wrong: a rule for the answer to one action of a station. */
#pragma once

#include "codec.h"

/* Bytes of an action and of an error code; the longest wait. */
#define FAULT_ACTION_MAX 64
#define FAULT_CODE_MAX 64
/* Rules a station may have at a time. */
#define FAULTS_MAX 16
#define FAULT_SECONDS_MAX 86400

typedef enum FaultKind {
        FAULT_NONE,      /* takes the rule away */
        FAULT_LATE,      /* the answer comes after `seconds` */
        FAULT_NEVER,     /* no answer */
        FAULT_CALLERROR, /* CALLERROR with `code` */
        FAULT_GARBLED,   /* the answer cut in the middle */
        FAULT_CLOSE,     /* the connection is closed instead */
        FAULT_TWICE,     /* the answer is sent two times */
        FAULT_PENDING,   /* "status":"Pending"; of BootNotification, with interval `seconds` */
        FAULT_REJECTED,  /* "status":"Rejected"; likewise */
        FAULT_KIND_MAX,
} FaultKind;

typedef struct Fault {
        char action[FAULT_ACTION_MAX + 1]; /* whose answer it is about */
        FaultKind kind;
        double seconds; /* < 0: not given */
        char code[FAULT_CODE_MAX + 1];
        int64_t times; /* answers it still applies to; 0: until taken away */
} Fault;

typedef struct Faults {
        Fault items[FAULTS_MAX];
        size_t count;
} Faults;

/* Reads {"action","kind","seconds"?,"code"?,"times"?}. 0 and *ret; -EINVAL and *reterr, a sentence
 * (a literal). */
int fault_from_json(const cJSON *body, Fault *ret, const char **reterr);
/* Puts a rule in the place of the action's old one. 0; -ENOSPC; -ENOMEM. *faults is made if NULL,
 * freed with free(). */
int faults_set(Faults **faults, const Fault *fault);
/* Takes one use of the action's rule: true and *ret, if there is one. */
bool faults_take(Faults *faults, const char *action, Fault *ret);
