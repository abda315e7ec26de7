/* The option table of agent.conf and what can be done with a line of it: between config.c, which
 * has it, and config-load.c, which reads files by it. */
#pragma once

#include "config.h"

/* Room for what an option expects, in words. */
#define CONFIG_EXPECTED_MAX 320

/* What a value may be, and the type of its member of Config: char * but where another is named. */
typedef enum OptionKind {
        OPTION_STRING,
        OPTION_URL,     /* begins with one of words; without a password */
        OPTION_KEY,     /* absolute, must be readable; or a URI */
        OPTION_FILE,    /* absolute; must be readable */
        OPTION_PROGRAM, /* absolute; must be executable */
        OPTION_WINDOW,  /* hours of the day, "01:00-05:00" */
        OPTION_PATH,    /* absolute; there or not */
        OPTION_FOLDER,  /* absolute; made if missing, by whoever needs it */
        OPTION_SPAN,    /* usec_t */
        OPTION_SIZE,    /* uint64_t, bytes */
        OPTION_BOOL,    /* bool */
        OPTION_INT,     /* int64_t */
        OPTION_WORD,    /* int: index in words */
        OPTION_WORDS,   /* char **: some of words */
        OPTION_PATHS,   /* char **: absolute, perhaps with wildcards */
        OPTION_NAMES,   /* char **: no paths */
        OPTION_KIND_MAX,
} OptionKind;

typedef struct Option {
        const char *section, *key;
        OptionKind kind;
        uint16_t offset;      /* of the member of Config */
        const char *fallback; /* the default as it would be written; NULL: none */
        uint64_t min;         /* spans in usec, sizes in bytes, numbers, characters of strings */
        uint64_t max;         /* 0: none */
        const char *const *words; /* OPTION_URL, OPTION_WORD, OPTION_WORDS: NULL-terminated */
        const char *meaning;      /* a sentence or two, for the manual and --help-config */
} Option;

/* All of them, in the order of the manual. */
extern const Option config_options[];
extern const size_t config_option_count;

/* By section and key; NULL: there is no such option. */
const Option *config_option_find(const char *section, const char *key);
/* Puts value into the option's member; an empty one stands for the default, so that a drop-in can
 * take a setting back. 0; -EINVAL or -ERANGE: not what is expected, nothing changed; -ENOMEM. */
int config_option_set(const Option *o, Config *c, const char *value);
/* "a number from 0 to 30": what the option expects. Returns buffer. */
const char *config_option_describe(const Option *o, char buffer[static CONFIG_EXPECTED_MAX]);
