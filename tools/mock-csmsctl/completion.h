/* Completion of mock-csmsctl's words in bash. */
#pragma once

#include "spec.h"
#include <stdio.h>

/* Prints a script for bash: subcommands, their options, and the words that these may have. */
void completion_print(FILE *to, const cJSON *document);
