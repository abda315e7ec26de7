/* What the agent keeps of itself for those who ask for logs: the messages that went over the
 * connection, without secrets, and the security events. */
#include <stdio.h>

#include "agent-private.h"

/* Of one of its two files; an event takes a hundred bytes or two. */
#define SECURITY_LOG_SIZE (1U << 20)

int logs_keep_init(Agent *a)
{
        _cleanup_(freep) char *path = str_printf("%s/security.log", a->config->state_directory);
        int r = path ? linelog_init(&a->logs.security, path, SECURITY_LOG_SIZE) : -ENOMEM;

        if (r == 0)
                r = linelog_init(&a->logs.ocpp, a->config->ocpp_log, a->config->ocpp_log_size);
        return r;
}

void logs_keep_frame(Agent *a, char direction, const char *text, size_t size)
{
        const char *from = direction == '<' ? "csms" : "station";
        _cleanup_(freep) char *shown = NULL, *line = NULL;
        bool debug = log_get_max_level() >= LOG_DEBUG;
        char now[TIME_TEXT_MAX];

        if (!debug && !a->logs.ocpp.path)
                return;
        shown = redact_frame(text, size);
        if (debug)
                log_debug("%c %.2000s", direction, strempty(shown));
        /* What is no JSON is shown as a note in brackets. */
        if (shown && *shown == '(')
                line = str_printf("{\"time\":\"%s\",\"from\":\"%s\",\"raw\":\"%s\"}",
                                  time_format(wallclock_now(), now), from, shown);
        else if (shown)
                line = str_printf("{\"time\":\"%s\",\"from\":\"%s\",\"frame\":%s}",
                                  time_format(wallclock_now(), now), from, shown);
        if (line)
                linelog_add(&a->logs.ocpp, line);
}

void logs_keep_event(Agent *a, const OutboxRow *row)
{
        _cleanup_(cJSON_Deletep) cJSON *o = cJSON_CreateObject();
        _cleanup_(freep) char *line = NULL;
        char when[TIME_TEXT_MAX];

        if (!cJSON_AddStringToObject(o, "time", time_format(row->timestamp, when)) ||
            !cJSON_AddStringToObject(o, "type", security_event_to_string(row->value)) ||
            (row->tech_info && !cJSON_AddStringToObject(o, "techInfo", row->tech_info)))
                return;
        line = cJSON_PrintUnformatted(o);
        if (line)
                linelog_add(&a->logs.security, line);
}
