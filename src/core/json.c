/* The strict half of reading JSON: a scanner that follows RFC 8259 to the letter, on a copy of the
 * text in which it smooths the two things that cJSON reads wrongly (an escaped NUL, a number of
 * more than 63 characters). cJSON then builds the tree. */
#include <stdio.h>

#include "json.h"

/* cJSON up to 1.7.18 copies a number into 64 bytes, unless the distribution has mended it. */
#define NUMBER_SIZE_MAX 60
/* Most messages are shorter: no memory need be asked for their copy. */
#define FEW_BYTES 512

/* Bytes of the code point at s, of which n are there; 0 if it is no UTF-8 (RFC 3629). */
static size_t utf8_take(const char *s, size_t n)
{
        /* clang-format off */
        static const struct { uint8_t first, last, size, low, high; } forms[] = {
                { 0xc2, 0xdf, 2, 0x80, 0xbf },
                { 0xe0, 0xe0, 3, 0xa0, 0xbf }, /* not overlong */
                { 0xe1, 0xec, 3, 0x80, 0xbf },
                { 0xed, 0xed, 3, 0x80, 0x9f }, /* no surrogates */
                { 0xee, 0xef, 3, 0x80, 0xbf },
                { 0xf0, 0xf0, 4, 0x90, 0xbf }, /* not overlong */
                { 0xf1, 0xf3, 4, 0x80, 0xbf },
                { 0xf4, 0xf4, 4, 0x80, 0x8f }, /* not above U+10FFFF */
        };
        /* clang-format on */
        const uint8_t *b = (const uint8_t *)s;

        if (n > 0 && b[0] < 0x80) /* nearly all of them */
                return 1;
        for (size_t i = 0; n > 0 && i < ELEMENTSOF(forms); i++) {
                if (b[0] < forms[i].first || b[0] > forms[i].last)
                        continue;
                if (forms[i].size > n)
                        return 0;
                for (size_t k = 1; k < forms[i].size; k++)
                        if (b[k] < (k == 1 ? forms[i].low : 0x80) ||
                            b[k] > (k == 1 ? forms[i].high : 0xbf))
                                return 0;
                return forms[i].size;
        }
        return 0;
}

size_t utf8_length(const char *s)
{
        size_t left = strlen(s), count = 0;

        while (left > 0) {
                size_t n = MAX(utf8_take(s, left), (size_t)1);
                s += n;
                left -= n;
                count++;
        }
        return count;
}

bool utf8_valid(const char *s, size_t size)
{
        while (size > 0) {
                size_t n = utf8_take(s, size);
                if (n == 0)
                        return false;
                s += n;
                size -= n;
        }
        return true;
}

char *utf8_clip(const char *s, size_t max)
{
        size_t left = strlen(s), count = 0, n;
        char *out = strdup(s), *p = out;

        for (; out && left > 0 && (max == 0 || count < max); count++, p += n, left -= n) {
                n = utf8_take(p, left);
                if (n > 0)
                        continue;
                *p = '?';
                n = 1;
        }
        if (out)
                *p = '\0';
        return out;
}

/* What is left of the text; the bytes belong to us. *end is a NUL. */
typedef struct Scan {
        char *p;
        const char *end;
        unsigned depth;
} Scan;

static void scan_space(Scan *s)
{
        while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\r' || *s->p == '\n'))
                s->p++;
}

static bool scan_char(Scan *s, char c)
{
        if (s->p >= s->end || *s->p != c)
                return false;
        s->p++;
        return true;
}

static bool scan_word(Scan *s, const char *word)
{
        size_t n = strlen(word);

        if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
                return false;
        s->p += n;
        return true;
}

static bool scan_digits(Scan *s)
{
        const char *start = s->p;

        while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
                s->p++;
        return s->p > start;
}

/* A number that cJSON would cut: its value in fewer digits, and spaces. Apart for its buffer: no
 * other value pays for a guarded stack. */
static _apart_ void shorten_number(char *start, char *end)
{
        char text[NUMBER_SIZE_MAX], after = *end;
        double value;

        *end = '\0';
        value = strtod(start, NULL);
        *end = after;
        /* "inf" is not JSON; what is too big stays too big */
        if (value > 1.7976931348623157e308 || value < -1.7976931348623157e308)
                snprintf(text, sizeof(text), "%s1e999", value < 0 ? "-" : "");
        else
                snprintf(text, sizeof(text), "%.17g", value);
        memset(start, ' ', (size_t)(end - start));
        memcpy(start, text, strlen(text));
}

static bool scan_number(Scan *s)
{
        char *start = s->p;

        scan_char(s, '-');
        if (!scan_char(s, '0') && !scan_digits(s))
                return false;
        if (scan_char(s, '.') && !scan_digits(s))
                return false;
        if (scan_char(s, 'e') || scan_char(s, 'E')) {
                if (!scan_char(s, '+'))
                        scan_char(s, '-');
                if (!scan_digits(s))
                        return false;
        }
        if (s->p - start > NUMBER_SIZE_MAX)
                shorten_number(start, s->p);
        return true;
}

/* The four hex digits of \uXXXX; -1 if they aren't. */
static int scan_hex4(Scan *s)
{
        char digits[5] = "";

        if (s->end - s->p < 4)
                return -1;
        memcpy(digits, s->p, 4);
        if (strspn(digits, "0123456789abcdefABCDEF") != 4)
                return -1;
        s->p += 4;
        return (int)strtol(digits, NULL, 16);
}

static _apart_ bool scan_unicode_escape(Scan *s)
{
        char *start = s->p;
        int unit = scan_hex4(s), low;

        if (unit < 0 || (unit >= 0xdc00 && unit <= 0xdfff))
                return false;
        if (unit == 0)
                memcpy(start, "fffd", 4);
        if (unit < 0xd800 || unit > 0xdbff)
                return true;
        if (!scan_word(s, "\\u"))
                return false;
        low = scan_hex4(s);
        return low >= 0xdc00 && low <= 0xdfff;
}

static bool scan_escape(Scan *s)
{
        if (scan_char(s, 'u'))
                return scan_unicode_escape(s);
        return s->p < s->end && *s->p != '\0' && strchr("\"\\/bfnrt", *s->p++);
}

/* What stands for itself: most of a string, so it is passed over in a loop of its own. */
static bool is_plain(char c)
{
        return c >= ' ' && c != '"' && c != '\\' && !((uint8_t)c & 0x80);
}

static bool scan_string(Scan *s)
{
        if (!scan_char(s, '"'))
                return false;
        for (;;) {
                size_t n;

                while (s->p < s->end && is_plain(*s->p))
                        s->p++;
                if (scan_char(s, '"'))
                        return true;
                if (scan_char(s, '\\')) {
                        if (!scan_escape(s))
                                return false;
                        continue;
                }
                n = utf8_take(s->p, (size_t)(s->end - s->p));
                if (n == 0 || (uint8_t)*s->p < ' ')
                        return false;
                s->p += n;
        }
}

static bool scan_value(Scan *s);

/* The members of an object or the elements of an array, up to the closing bracket. */
static bool scan_members(Scan *s, char close)
{
        scan_space(s);
        if (scan_char(s, close))
                return true;
        do {
                scan_space(s);
                if (close == '}') {
                        if (!scan_string(s))
                                return false;
                        scan_space(s);
                        if (!scan_char(s, ':'))
                                return false;
                }
                if (!scan_value(s))
                        return false;
        } while (scan_char(s, ','));
        return scan_char(s, close);
}

/* Recursion is bounded by JSON_DEPTH_MAX. */
static bool scan_nested(Scan *s, char close)
{
        bool fine;

        if (s->depth >= JSON_DEPTH_MAX)
                return false;
        s->depth++;
        fine = scan_members(s, close);
        s->depth--;
        return fine;
}

/* One value with the space around it. */
static bool scan_value(Scan *s)
{
        bool fine;

        scan_space(s);
        if (s->p >= s->end)
                return false;
        if (*s->p == '"')
                fine = scan_string(s);
        else if (scan_char(s, '{'))
                fine = scan_nested(s, '}');
        else if (scan_char(s, '['))
                fine = scan_nested(s, ']');
        else if (*s->p == '-' || (*s->p >= '0' && *s->p <= '9'))
                fine = scan_number(s);
        else
                fine = scan_word(s, "true") || scan_word(s, "false") || scan_word(s, "null");
        scan_space(s);
        return fine;
}

int json_parse(const char *text, size_t size, cJSON **ret)
{
        _cleanup_(freep) char *allocated = NULL;
        char few[FEW_BYTES], *copy = few;
        Scan s;
        cJSON *json;

        if (size >= sizeof(few)) {
                allocated = malloc(size + 1);
                if (!allocated)
                        return -ENOMEM;
                copy = allocated;
        }
        s = (Scan){.p = copy, .end = copy + size};
        if (size > 0)
                memcpy(copy, text, size);
        copy[size] = '\0';
        if (!scan_value(&s) || s.p != s.end)
                return -EBADMSG;
        json = cJSON_ParseWithLength(copy, size);
        if (!json) /* the text is good, so memory was short */
                return -ENOMEM;
        *ret = json;
        return 0;
}
