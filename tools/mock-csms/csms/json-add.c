/* See json-add.h. */
#include "json-add.h"

bool json_add_text(cJSON *o, const char *name, const char *text)
{
        return text ? cJSON_AddStringToObject(o, name, text) : cJSON_AddNullToObject(o, name);
}

bool json_add_number(cJSON *o, const char *name, int64_t number)
{
        return number == NO_INT ? cJSON_AddNullToObject(o, name)
                                : cJSON_AddNumberToObject(o, name, (double)number);
}

bool json_add_time(cJSON *o, const char *name, usec_t time)
{
        char text[TIME_TEXT_MAX];
        bool known = time != NO_TIME && time > 0;
        return json_add_text(o, name, known ? time_format(time, text) : NULL);
}

bool json_add_text_if(cJSON *o, const char *name, const char *text)
{
        return !text || cJSON_AddStringToObject(o, name, text);
}

bool json_add_number_if(cJSON *o, const char *name, int64_t number)
{
        return number == NO_INT || cJSON_AddNumberToObject(o, name, (double)number);
}
