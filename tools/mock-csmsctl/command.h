/* The words behind a subcommand, as a request. No network in here. */
#pragma once

#include "value.h"

/* All but method, file, output and type is owned. */
typedef struct Command {
        const char *method; /* "GET" */
        char *target;       /* "/api/stations/CP%201/frames?since=3" */
        char *json;         /* the body; NULL: none, or of a file */
        const char *file;   /* the body; "-" the standard input; NULL: none, or of JSON */
        const char *type;   /* of the body; NULL: there is none */
        const char *output; /* where the answer goes; NULL: the standard output */
        const char *columns[COLUMNS_MAX + 1]; /* of the table, ended by NULL; none: all */
        bool whole;                           /* it is a list, of which all pages are wanted */
        bool as_json;                         /* the answer is printed as it came */
        bool wants_help;
} Command;

/* Reads "--name VALUE" and "--name=VALUE": parameters of the operation by their own names or as
 * words ("--retrieveDateTime", "--retrieve-date-time"), and where it has none of that name --body
 * FILE, --output FILE, --columns A,B,C, --json and --help. "@FILE" is the file's content, "@@x" is
 * "@x". Words that stand alone are the parameters of the path in their order. words ends with NULL
 * and is borrowed. 0; -EINVAL and a sentence; -ENOMEM. */
int command_read(const cJSON *document, const Operation *operation, char *const *words,
                 Command *ret, Sentence *reterr);
void command_done(Command *command);
