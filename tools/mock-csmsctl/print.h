/* JSON for people, and what a subcommand takes. */
#pragma once

#include "table.h"

/* A list of objects as a table, an object as lines "name  value" with tables behind them. Control
 * characters, which stations may have put in, are shown as "?". */
void print_json(FILE *to, const cJSON *json, const TableOptions *options);
/* All subcommands. */
void print_operations(FILE *to, const cJSON *document);
/* What one of them takes. */
void print_operation(FILE *to, const cJSON *document, const Operation *operation);
