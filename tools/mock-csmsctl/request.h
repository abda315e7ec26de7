/* A command's request over HTTP, and its answer. Here is libcurl, and nowhere else. */
#pragma once

#include "command.h"

/* Bytes of an answer that is kept in memory, of a body that comes by the standard input. */
#define ANSWER_MAX ((size_t)256 << 20)
#define STDIN_MAX ((size_t)1 << 30)

typedef struct Server {
        const char *url;     /* "http://127.0.0.1:8180" */
        const char *token;   /* NULL: none */
        const char *ca_file; /* PEM; NULL: the system's roots */
} Server;

/* Owned. */
typedef struct Answer {
        long status;
        char *type; /* media type, without parameters; "" if there is none */
        char *body; /* a NUL behind its end; NULL: it was written where it belongs, or is empty */
        size_t size;
        char *next; /* "after" of a list's next page, percent-encoded; NULL: there is none */
} Answer;

/* Sends it and reads the answer. JSON that goes to the standard output and errors are kept in
 * memory; all else is written as it comes: to command->output, which is replaced when all is there,
 * or to the standard output. 0; -EINVAL: what was asked for can't be done, nothing was sent;
 * -ECONNREFUSED: the server can't be reached, or did not answer to the end. Both with a sentence.
 */
int request_run(const Server *server, const Command *command, Answer *ret, Sentence *reterr);
void answer_done(Answer *answer);
