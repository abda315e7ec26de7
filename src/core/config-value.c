/* Text to numbers, spans and words: see config-value.h. */
#include <stdio.h>
#include <time.h>

#include "config-value.h"

#define MINUTES_PER_DAY (24 * 60)
#define SPAN_MAX (UINT64_C(36500) * 24 * USEC_PER_HOUR)

static const struct {
        const char *name;
        usec_t usec;
} span_units[] = {
        {"ms", USEC_PER_MSEC}, {"s", USEC_PER_SEC},       {"sec", USEC_PER_SEC},
        {"min", USEC_PER_MIN}, {"m", USEC_PER_MIN},       {"h", USEC_PER_HOUR},
        {"hr", USEC_PER_HOUR}, {"d", 24 * USEC_PER_HOUR}, {"w", 168 * USEC_PER_HOUR},
};

static const char *skip_blanks(const char *p)
{
        return p + strspn(p, " \t");
}

/* At least one digit; moves *p behind the last. */
static int take_number(const char **p, uint64_t *ret)
{
        uint64_t v = 0;

        if (**p < '0' || **p > '9')
                return -EINVAL;
        for (; **p >= '0' && **p <= '9'; (*p)++)
                if (__builtin_mul_overflow(v, 10, &v) ||
                    __builtin_add_overflow(v, (uint64_t)(**p - '0'), &v))
                        return -ERANGE;
        *ret = v;
        return 0;
}

static int take_unit(const char **p, usec_t *ret)
{
        size_t n = strspn(*p, "abcdefghijklmnopqrstuvwxyz");

        for (size_t i = 0; i < ELEMENTSOF(span_units); i++)
                if (strlen(span_units[i].name) == n && startswith(*p, span_units[i].name)) {
                        *p += n;
                        *ret = span_units[i].usec;
                        return 0;
                }
        return -EINVAL;
}

int value_parse_span(const char *text, usec_t *ret)
{
        const char *p = skip_blanks(text);
        usec_t sum = 0, unit, part;
        uint64_t number;
        int r;

        do {
                if ((r = take_number(&p, &number)) < 0)
                        return r;
                p = skip_blanks(p);
                if (!*p && sum == 0) /* a number alone */
                        unit = USEC_PER_SEC;
                else if ((r = take_unit(&p, &unit)) < 0)
                        return r;
                if (__builtin_mul_overflow(number, unit, &part) ||
                    __builtin_add_overflow(sum, part, &sum) || sum > SPAN_MAX)
                        return -ERANGE;
                p = skip_blanks(p);
        } while (*p);
        *ret = sum;
        return 0;
}

int value_parse_size(const char *text, uint64_t *ret)
{
        static const char units[] = "KMGT"; /* 1024 to the power of position + 1 */
        const char *p = text, *unit;
        uint64_t v;
        int r;

        if ((r = take_number(&p, &v)) < 0)
                return r;
        if (*p) {
                if (!(unit = strchr(units, *p)) || p[1])
                        return -EINVAL;
                if (__builtin_mul_overflow(
                            v, UINT64_C(1) << (size_t)10 * (size_t)(unit - units + 1), &v))
                        return -ERANGE;
        }
        *ret = v;
        return 0;
}

int value_parse_int(const char *text, int64_t *ret)
{
        bool negative = *text == '-';
        const char *p = text + negative;
        uint64_t v;
        int r;

        if ((r = take_number(&p, &v)) < 0)
                return r;
        if (*p)
                return -EINVAL;
        if (v > INT64_MAX)
                return -ERANGE;
        *ret = negative ? -(int64_t)v : (int64_t)v;
        return 0;
}

int value_parse_bool(const char *text, bool *ret)
{
        static const char *const words[] = {"no", "yes", "false", "true", NULL};
        int i = value_find_word(words, text);

        if (i < 0)
                return i;
        *ret = i % 2;
        return 0;
}

int value_find_word(const char *const *words, const char *text)
{
        for (int i = 0; words[i]; i++)
                if (streq(words[i], text))
                        return i;
        return -EINVAL;
}

void value_free_words(char **list)
{
        for (char **p = list; p && *p; p++)
                free(*p);
        free(list);
}

int value_parse_words(const char *const *words, const char *text, char ***ret)
{
        _cleanup_(value_free_wordsp) char **list = NULL;
        _cleanup_(freep) char *copy = strdup(text);
        size_t count = 0, max = 0;
        char *rest = copy, *word;

        while (words && words[max])
                max++;
        if (!words)
                max = strlen(text) / 2 + 1;
        if (!copy || !(list = calloc(max + 1, sizeof(*list))))
                return -ENOMEM;
        while ((word = strsep(&rest, " \t"))) {
                if (!*word)
                        continue;
                if ((words && value_find_word(words, word) < 0) ||
                    value_find_word((const char *const *)list, word) >= 0)
                        return -EINVAL;
                if (!(list[count++] = strdup(word)))
                        return -ENOMEM;
        }
        if (count == 0)
                return -EINVAL;
        *ret = TAKE_PTR(list);
        return 0;
}

int value_parse_window(const char *text, DayWindow *ret)
{
        unsigned from_hour, from_minute, to_hour, to_minute;
        int n = 0;

        if (strlen(text) != strlen("00:00-00:00") ||
            sscanf(text, "%2u:%2u-%2u:%2u%n", &from_hour, &from_minute, &to_hour, &to_minute, &n) !=
                    4 ||
            text[n] || strspn(text, "0123456789:-") != strlen(text))
                return -EINVAL;
        if (from_hour > 23 || to_hour > 24 || from_minute > 59 || to_minute > 59)
                return -EINVAL;
        *ret = (DayWindow){60 * from_hour + from_minute, 60 * to_hour + to_minute};
        return ret->from == ret->to || ret->to > MINUTES_PER_DAY ? -EINVAL : 0;
}

usec_t value_window_opens_in(const char *text, usec_t now)
{
        time_t seconds = (time_t)(now / USEC_PER_SEC);
        unsigned minute;
        DayWindow w;
        struct tm tm;
        bool open;

        if (value_parse_window(text, &w) < 0 || !localtime_r(&seconds, &tm))
                return 0;
        minute = 60 * (unsigned)tm.tm_hour + (unsigned)tm.tm_min;
        open = w.from < w.to ? minute >= w.from && minute < w.to
                             : minute >= w.from || minute < w.to;
        if (open)
                return 0;
        return ((w.from + MINUTES_PER_DAY - minute) % MINUTES_PER_DAY) * USEC_PER_MIN -
               (usec_t)tm.tm_sec * USEC_PER_SEC;
}
