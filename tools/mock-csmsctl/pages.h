/* A command's answer, which of a list is all of its pages. */
#pragma once

#include "request.h"

/* As request_run(). A list whose pages were not asked for comes in one piece, as JSON: in *ret, or
 * in the place of command->output. */
int pages_run(const Server *server, const Command *command, Answer *ret, Sentence *reterr);
