/* Which stations are meant: a few conditions, all of which must hold. Read from JSON (a push, a
 * roll-out) or from a query (the list); both have the same members. */
#pragma once

#include "codec.h"
#include "csms.h"

/* Code points of a condition's text, of a tag, of a tag's or a time zone's name. */
#define FILTER_TEXT_MAX 192

/* What the last firmware status means for the update that it is about. */
typedef enum UpdatePhase {
        PHASE_NONE,      /* nothing was told yet, or Idle */
        PHASE_RUNNING,   /* on its way */
        PHASE_INSTALLED, /* its good end */
        PHASE_FAILED,    /* its bad ends */
        UPDATE_PHASE_MAX,
} UpdatePhase;

typedef struct Filter {
        char *id; /* a pattern: "*" stands for any text; owned as all of these, NULL: any */
        char *protocol, *vendor, *model, *serial;
        /* a station that has told no version fits none of these three */
        char *version, *not_version, *below_version; /* below: older, as version_compare() has it */
        char *tag, *not_tag;                         /* has it; has it not */
        char *update;                                /* the last firmware status' word */
        int phase;                                   /* UpdatePhase; -1: any */
        int online;                                  /* 1, 0; -1: any */
} Filter;
#define FILTER_INIT                                                                                \
        {                                                                                          \
                .phase = -1, .online = -1                                                          \
        }

/* Members: id, protocol, vendor, model, serialNumber, firmwareVersion, notFirmwareVersion,
 * belowFirmwareVersion, tag, notTag, status, phase ("none", "running", "installed", "failed"),
 * online. An empty object means all stations. *ret is FILTER_INIT before, and is to be emptied by
 * filter_done() where 0 comes. 0; -EINVAL with *reterr, whose text is a sentence that names the
 * member and what was expected, without full stop where it is the codec's; -ENOMEM. */
int filter_read(const cJSON *json, Filter *ret, CodecError *reterr);
/* The same from the arguments of a query ("name=value"); those whose names are among others (a
 * NULL-terminated list) are left to the caller. */
int filter_from_query(char *const *args, size_t count, const char *const *others, Filter *ret,
                      CodecError *reterr);
/* What filter_read() reads; owned by the caller, NULL when out of memory. */
cJSON *filter_describe(const Filter *filter);
/* Frees its texts. */
void filter_done(Filter *filter);
bool filter_matches(const Filter *filter, const Station *station);

/* The phase of a firmware status; -EINVAL: no version of OCPP has this word. */
int update_phase(const char *status);
/* Its word. */
const char *update_phase_word(UpdatePhase phase);
/* Whether a text is one of the pattern, in which "*" stands for any text, also an empty one. */
bool filter_pattern_matches(const char *pattern, const char *text);
