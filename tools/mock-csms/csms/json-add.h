/* Members of JSON that may be absent: added as null, or left out. Each false: out of memory. */
#pragma once

#include "json.h"

/* null: text is NULL; number is NO_INT; time (wall clock) is NO_TIME or 0. */
bool json_add_text(cJSON *o, const char *name, const char *text);
bool json_add_number(cJSON *o, const char *name, int64_t number);
bool json_add_time(cJSON *o, const char *name, usec_t time);
/* Nothing is added in these cases. */
bool json_add_text_if(cJSON *o, const char *name, const char *text);
bool json_add_number_if(cJSON *o, const char *name, int64_t number);
