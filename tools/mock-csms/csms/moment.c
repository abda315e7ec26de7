/* See moment.h. Times of a zone are the C library's: it knows one zone at a time, so TZ is set for
 * the conversion and put back. There is one thread. */
#include "moment.h"
#include <stdio.h>
#include <sys/stat.h>

#define ZONES "/usr/share/zoneinfo/"

bool zone_known(const char *zone)
{
        static const char allowed[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
        char path[sizeof(ZONES) + ZONE_MAX];
        size_t size = strlen(zone);
        if (size == 0 || size > ZONE_MAX || strspn(zone, allowed) != size || *zone == '/' ||
            strstr(zone, "//"))
                return false;
        snprintf(path, sizeof(path), ZONES "%s", zone);
        struct stat st;
        return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* The number of two digits at *p, which goes on behind them and behind the character after, if that
 * is so; -1. */
static int take_two(const char **p, char after)
{
        const char *s = *p;
        if (s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9' || (after && s[2] != after))
                return -1;
        *p += 2 + (after != '\0');
        return (s[0] - '0') * 10 + s[1] - '0';
}

/* "02:00" or "02:00:00", to the text's end. */
static int read_hour(const char *p, struct tm *t)
{
        t->tm_hour = take_two(&p, ':');
        t->tm_min = t->tm_hour < 0 ? -1 : take_two(&p, '\0');
        t->tm_sec = 0;
        if (t->tm_min >= 0 && *p == ':') {
                p++;
                t->tm_sec = take_two(&p, '\0');
        }
        bool fine = t->tm_min >= 0 && t->tm_sec >= 0 && !*p && t->tm_hour < 24 && t->tm_min < 60 &&
                    t->tm_sec < 60;
        return fine ? 0 : -EINVAL;
}

/* "2026-11-27T02:00[:00]". */
static int read_day(const char *p, struct tm *t)
{
        int century = take_two(&p, '\0'), year = century < 0 ? -1 : take_two(&p, '-');
        int month = year < 0 ? -1 : take_two(&p, '-'), day = month < 0 ? -1 : take_two(&p, 'T');
        if (month < 1 || month > 12 || day < 1 || day > 31 || century < 19)
                return -EINVAL;
        t->tm_year = century * 100 + year - 1900;
        t->tm_mon = month - 1;
        t->tm_mday = day;
        return read_hour(p, t);
}

int moment_read(const char *text, Moment *ret)
{
        Moment m = {0};
        if (read_hour(text, &m.local) == 0)
                m.kind = MOMENT_DAILY;
        else if (read_day(text, &m.local) == 0)
                m.kind = MOMENT_LOCAL;
        else if (time_parse(text, &m.utc) == 0) /* it takes a text without an offset, too */
                m.kind = MOMENT_UTC;
        else
                return -EINVAL;
        *ret = m;
        return 0;
}

/* The seconds since 1970 of a local time; that of days that are not there is -EINVAL. */
static int to_seconds(const struct tm *local, time_t *ret)
{
        struct tm t = *local;
        t.tm_isdst = -1;
        *ret = mktime(&t);
        return *ret == (time_t)-1 || t.tm_mday != local->tm_mday ? -EINVAL : 0;
}

static int resolve_here(const Moment *moment, usec_t now, usec_t *ret)
{
        struct tm t = moment->local;
        time_t seconds, today = (time_t)(now / USEC_PER_SEC);
        int r;
        if (moment->kind == MOMENT_LOCAL) {
                r = to_seconds(&t, &seconds);
                *ret = r < 0 ? 0 : (usec_t)seconds * USEC_PER_SEC;
                return r;
        }
        for (int days = 0; days < 3;
             days++) { /* today's may be over; mktime() takes the 32nd for the next 1st */
                struct tm day;
                localtime_r(&today, &day);
                t.tm_year = day.tm_year;
                t.tm_mon = day.tm_mon;
                t.tm_mday = day.tm_mday + days;
                t.tm_isdst = -1;
                struct tm copy = t;
                seconds = mktime(&copy);
                if (seconds > today) {
                        *ret = (usec_t)seconds * USEC_PER_SEC;
                        return 0;
                }
        }
        return -EINVAL;
}

int moment_resolve(const Moment *moment, const char *zone, usec_t now, usec_t *ret)
{
        *ret = moment->kind == MOMENT_UTC ? moment->utc : NO_TIME;
        if (moment->kind <= MOMENT_UTC)
                return 0;
        if (zone && !zone_known(zone))
                return -EINVAL;
        const char *old = getenv("TZ");
        _cleanup_(freep) char *kept = old ? strdup(old) : NULL;
        if (old && !kept)
                return -ENOMEM;
        setenv("TZ", zone ? zone : "UTC0", 1);
        tzset();
        int r = resolve_here(moment, now, ret);
        if (kept)
                setenv("TZ", kept, 1);
        else
                unsetenv("TZ");
        tzset();
        return r;
}
