/* See liveness.h. Each list's time to wait is constant, so whoever comes last is due last. */
#include "liveness.h"

void liveness_forget(Pulse *pulse)
{
        PulseList *list = pulse->list;
        if (!list)
                return;
        *(pulse->before ? &pulse->before->behind : &list->first) = pulse->behind;
        *(pulse->behind ? &pulse->behind->before : &list->last) = pulse->before;
        *pulse = (Pulse){0};
}

static void append(PulseList *list, Pulse *pulse, usec_t due)
{
        liveness_forget(pulse);
        *pulse = (Pulse){.list = list, .before = list->last, .due = due};
        *(list->last ? &list->last->behind : &list->first) = pulse;
        list->last = pulse;
}

static Pulse *first_due(const PulseList *list, usec_t now)
{
        return list->first && list->first->due <= now ? list->first : NULL;
}

void liveness_heard(Liveness *liveness, Pulse *pulse, usec_t now)
{
        append(&liveness->heard, pulse, now + LIVENESS_PING_AFTER);
}

Pulse *liveness_next_silent(Liveness *liveness, usec_t now)
{
        Pulse *pulse = first_due(&liveness->heard, now);
        if (pulse)
                append(&liveness->asked, pulse, now + LIVENESS_GONE_AFTER);
        return pulse;
}

Pulse *liveness_next_gone(Liveness *liveness, usec_t now)
{
        Pulse *pulse = first_due(&liveness->asked, now);
        if (pulse)
                liveness_forget(pulse);
        return pulse;
}

usec_t liveness_due(const Liveness *liveness)
{
        usec_t heard = liveness->heard.first ? liveness->heard.first->due : USEC_INFINITY;
        usec_t asked = liveness->asked.first ? liveness->asked.first->due : USEC_INFINITY;
        return MIN(heard, asked);
}
