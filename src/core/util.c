/* Time, strings, small files: see util.h. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "util.h"

void closep(int *fd)
{
        int saved = errno;

        if (*fd >= 0)
                close(*fd);
        *fd = -1;
        errno = saved;
}

static usec_t clock_usec(clockid_t id)
{
        struct timespec ts;

        if (clock_gettime(id, &ts) < 0)
                return 0;
        return (usec_t)ts.tv_sec * USEC_PER_SEC + (usec_t)ts.tv_nsec / 1000;
}

usec_t boottime_now(void)
{
        return clock_usec(CLOCK_BOOTTIME);
}

usec_t wallclock_now(void)
{
        return clock_usec(CLOCK_REALTIME);
}

/* Exactly n digits to a number; moves *p on. */
static int take_digits(const char **p, size_t n, int *ret)
{
        int v = 0;

        for (size_t i = 0; i < n; i++, (*p)++) {
                if (**p < '0' || **p > '9')
                        return -EINVAL;
                v = v * 10 + (**p - '0');
        }
        *ret = v;
        return 0;
}

static int take_char(const char **p, const char *one_of)
{
        if (!**p || !strchr(one_of, **p))
                return -EINVAL;
        (*p)++;
        return 0;
}

/* ".5" to 500000; nothing to 0. Digits behind the sixth are dropped. */
static int take_fraction(const char **p, usec_t *ret)
{
        usec_t unit = USEC_PER_SEC / 10, v = 0;

        *ret = 0;
        if (**p != '.')
                return 0;
        (*p)++;
        if (**p < '0' || **p > '9')
                return -EINVAL;
        for (; **p >= '0' && **p <= '9'; (*p)++, unit /= 10)
                v += (usec_t)(**p - '0') * unit;
        *ret = v;
        return 0;
}

/* "Z", "+02:00" or nothing, in seconds east of UTC. */
static int take_offset(const char **p, int *ret)
{
        int sign, h, m;

        *ret = 0;
        if (**p == '\0')
                return 0;
        if (**p == 'Z' || **p == 'z') {
                (*p)++;
                return 0;
        }
        sign = **p == '-' ? -1 : 1;
        if (take_char(p, "+-") < 0 || take_digits(p, 2, &h) < 0 || take_char(p, ":") < 0 ||
            take_digits(p, 2, &m) < 0 || h > 23 || m > 59)
                return -EINVAL;
        *ret = sign * (h * 3600 + m * 60);
        return 0;
}

static bool date_exists(const struct tm *tm)
{
        static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
        int y = tm->tm_year + 1900, leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;

        if (y < 1 || tm->tm_mon < 0 || tm->tm_mon > 11 || tm->tm_mday < 1)
                return false;
        return tm->tm_mday <= days[tm->tm_mon] + (tm->tm_mon == 1 && leap) && tm->tm_hour <= 23 &&
               tm->tm_min <= 59 && tm->tm_sec <= 60;
}

/* Days since 1970 of one that exists. Years are taken to begin in March: then the leap day is the
 * last, and five months have 153 days. */
static int64_t days_of(const struct tm *tm)
{
        int64_t early = tm->tm_mon < 2, y = tm->tm_year + 1900 - early,
                m = tm->tm_mon - 2 + 12 * early;

        return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + tm->tm_mday - 719469;
}

int time_parse(const char *text, usec_t *ret)
{
        struct tm tm = {0};
        const char *p = text;
        int offset;
        usec_t fraction;
        int64_t seconds;

        if (take_digits(&p, 4, &tm.tm_year) < 0 || take_char(&p, "-") < 0 ||
            take_digits(&p, 2, &tm.tm_mon) < 0 || take_char(&p, "-") < 0 ||
            take_digits(&p, 2, &tm.tm_mday) < 0 || take_char(&p, "Tt ") < 0 ||
            take_digits(&p, 2, &tm.tm_hour) < 0 || take_char(&p, ":") < 0 ||
            take_digits(&p, 2, &tm.tm_min) < 0 || take_char(&p, ":") < 0 ||
            take_digits(&p, 2, &tm.tm_sec) < 0 || take_fraction(&p, &fraction) < 0 ||
            take_offset(&p, &offset) < 0 || *p)
                return -EINVAL;
        tm.tm_year -= 1900;
        tm.tm_mon -= 1;
        if (!date_exists(&tm))
                return -EINVAL;
        seconds = days_of(&tm) * 86400 + tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec - offset;
        if (seconds < 0) { /* some CSMS say year 1 and mean that they have no time to tell */
                *ret = 0;
                return 0;
        }
        *ret = (usec_t)seconds * USEC_PER_SEC + fraction;
        return 0;
}

/* The last digits of a number, and what comes behind them. Returns the end. */
static char *put_digits(char *p, unsigned value, int count, char behind)
{
        for (int i = count; i-- > 0; value /= 10)
                p[i] = (char)('0' + value % 10);
        p[count] = behind;
        return p + count + 1;
}

const char *time_format(usec_t t, char buffer[static TIME_TEXT_MAX])
{
        time_t seconds = (time_t)(t / USEC_PER_SEC);
        struct tm tm;
        char *p = buffer;

        *p = '\0';
        if (t == NO_TIME || !gmtime_r(&seconds, &tm) || tm.tm_year > 9999 - 1900)
                return buffer;
        p = put_digits(p, (unsigned)tm.tm_year + 1900, 4, '-');
        p = put_digits(p, (unsigned)tm.tm_mon + 1, 2, '-');
        p = put_digits(p, (unsigned)tm.tm_mday, 2, 'T');
        p = put_digits(p, (unsigned)tm.tm_hour, 2, ':');
        p = put_digits(p, (unsigned)tm.tm_min, 2, ':');
        p = put_digits(p, (unsigned)tm.tm_sec, 2, '.');
        p = put_digits(p, (unsigned)(t % USEC_PER_SEC / USEC_PER_MSEC), 3, 'Z');
        *p = '\0';
        return buffer;
}

int str_replace(char **s, const char *value)
{
        char *copy = NULL;

        if (value && !(copy = strdup(value)))
                return -ENOMEM;
        free(*s);
        *s = copy;
        return 0;
}

char *str_printf(const char *format, ...)
{
        char *s = NULL;
        va_list ap;
        int n;

        va_start(ap, format);
        n = vasprintf(&s, format, ap);
        va_end(ap);
        return n < 0 ? NULL : s;
}

char *str_join(char *const *words, const char *separator)
{
        char *text = strdup("");

        for (; text && words && *words; words++) {
                char *longer = str_printf("%s%s%s", text, *text ? separator : "", *words);

                free(text);
                text = longer;
        }
        return text;
}

int file_read(const char *path, size_t max, char **ret, size_t *ret_size)
{
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        _cleanup_(freep) char *data = NULL;
        size_t size = 0;

        if (fd < 0)
                return -errno;
        if (!(data = malloc(max + 2)))
                return -ENOMEM;
        for (;;) {
                ssize_t n = read(fd, data + size, max + 1 - size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                size += (size_t)n;
                if (size > max)
                        return -EFBIG;
        }
        data[size] = '\0';
        *ret = TAKE_PTR(data);
        if (ret_size)
                *ret_size = size;
        return 0;
}

static int write_all(int fd, const char *data, size_t size)
{
        while (size > 0) {
                ssize_t n = write(fd, data, size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                data += n;
                size -= (size_t)n;
        }
        return 0;
}

/* Makes a rename in this file's folder durable. */
static int sync_folder_of(const char *path)
{
        const char *slash = strrchr(path, '/');
        _cleanup_(freep) char *folder =
                slash ? strndup(path, MAX((size_t)(slash - path), (size_t)1)) : strdup(".");
        _cleanup_(closep) int fd = -1;

        if (!folder)
                return -ENOMEM;
        fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || fsync(fd) < 0)
                return -errno;
        return 0;
}

int file_rename(const char *from, const char *to)
{
        return rename(from, to) < 0 ? -errno : sync_folder_of(to);
}

int file_write_atomic(const char *path, const void *data, size_t size, unsigned mode)
{
        _cleanup_(freep) char *temporary = str_printf("%s.tmp", path);
        _cleanup_(closep) int fd = -1;
        int r;

        if (!temporary)
                return -ENOMEM;
        fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, (mode_t)mode);
        if (fd < 0)
                return -errno;
        r = write_all(fd, data, size);
        if (r == 0 && fsync(fd) < 0)
                r = -errno;
        if (r == 0)
                r = file_rename(temporary, path);
        if (r < 0)
                unlink(temporary);
        return r;
}

int file_write_over(const char *path, size_t at, const void *data, size_t size)
{
        _cleanup_(closep) int fd =
                open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
        int r;

        if (fd < 0 || lseek(fd, (off_t)at, SEEK_SET) < 0)
                return -errno;
        r = write_all(fd, data, size);
        return r == 0 && fdatasync(fd) < 0 ? -errno : r;
}

char *str_strip(char *s)
{
        char *end;

        while (*s && strchr(" \t\r\n", *s))
                s++;
        end = s + strlen(s);
        while (end > s && strchr(" \t\r\n", end[-1]))
                end--;
        *end = '\0';
        return s;
}

char *hex_encode(const void *data, size_t n, char *out)
{
        static const char digits[] = "0123456789abcdef";
        const uint8_t *p = data;

        for (size_t i = 0; i < n; i++) {
                out[2 * i] = digits[p[i] >> 4];
                out[2 * i + 1] = digits[p[i] & 15];
        }
        out[2 * n] = '\0';
        return out;
}

static int hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        if (c >= 'A' && c <= 'F')
                return c - 'A' + 10;
        return -EINVAL;
}

int hex_decode(const char *text, void *out, size_t n)
{
        uint8_t *p = out;

        for (size_t i = 0; i < n; i++) {
                int high = hex_digit(text[2 * i]),
                    low = high < 0 ? high : hex_digit(text[2 * i + 1]);

                if (low < 0)
                        return -EINVAL;
                p[i] = (uint8_t)(high << 4 | low);
        }
        return text[2 * n] ? -EINVAL : 0;
}

int uuid_make(char out[static 37])
{
        uint8_t b[16];
        char hex[33];

        if (getrandom(b, sizeof(b), 0) != sizeof(b))
                return -EIO;
        b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
        b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
        hex_encode(b, sizeof(b), hex);
        snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
        return 0;
}

uint64_t random_below_or_equal(uint64_t max)
{
        uint64_t v = 0;

        if (getrandom(&v, sizeof(v), 0) != sizeof(v))
                return max / 2;
        return max == UINT64_MAX ? v : v % (max + 1);
}
