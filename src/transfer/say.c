/* Lines to stdout by write(2) alone, since the job that hashes may do nothing else: see say.h. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "say.h"

/* exit_group() is not among what a caged process may call. */
static void leave(void)
{
        (void)syscall(SYS_exit, EXIT_FAILURE);
}

static void say(const char *line, size_t size)
{
        while (size > 0) {
                ssize_t n = write(STDOUT_FILENO, line, size);

                if (n < 0 && errno != EINTR)
                        leave();
                if (n > 0) {
                        line += n;
                        size -= (size_t)n;
                }
        }
}

static _printf_(1, 2) void say_format(const char *format, ...)
{
        char line[SAY_LINE_MAX];
        va_list ap;
        int n;

        va_start(ap, format);
        n = vsnprintf(line, sizeof(line), format, ap);
        va_end(ap);
        if (n < 0 || (size_t)n >= sizeof(line))
                leave();
        say(line, (size_t)n);
}

void say_progress(uint64_t now_bytes, int64_t total_bytes)
{
        say_format("{\"progress\":{\"now\":%" PRIu64 ",\"total\":%" PRId64 "}}\n", now_bytes,
                   total_bytes);
}

void say_done(uint64_t size_bytes)
{
        say_format("{\"done\":{\"size\":%" PRIu64 "}}\n", size_bytes);
}

void say_digest(const FileDigest *digest)
{
        char sha256[2 * SHA256_SIZE + 1], sha384[2 * SHA384_SIZE + 1] = "";

        if (digest->has_sha384)
                hex_encode(digest->sha384, SHA384_SIZE, sha384);
        say_format("{\"done\":{\"size\":%" PRIu64 ",\"sha256\":\"%s\"%s%s%s}}\n",
                   digest->size_bytes, hex_encode(digest->sha256, SHA256_SIZE, sha256),
                   *sha384 ? ",\"sha384\":\"" : "", sha384, *sha384 ? "\"" : "");
}

void say_failed(const Failure *failure)
{
        char message[SAY_MESSAGE_MAX], rest[48] = "";
        size_t i = 0;

        for (; failure->message[i]; i++) {
                char c = failure->message[i];

                message[i] = c < ' ' || c > '~' || c == '"' || c == '\\' ? '?' : c;
        }
        message[i] = '\0';
        if (failure->retry_after_seconds > 0)
                snprintf(rest, sizeof(rest), ",\"retry_after\":%" PRIu64,
                         failure->retry_after_seconds);
        say_format("{\"failed\":{\"final\":%s,\"code\":\"%s\",\"message\":\"%s\"%s}}\n",
                   failure->final ? "true" : "false", failure->code, message, rest);
}

/* Numeric addresses need no escapes. */
void say_addresses(const char *const *addresses, size_t count)
{
        char list[SAY_LINE_MAX / 2];
        size_t size = 0;

        for (size_t i = 0; i < count; i++) {
                int n = snprintf(list + size, sizeof(list) - size, "%s\"%s\"", i > 0 ? "," : "",
                                 addresses[i]);

                if (n < 0 || (size_t)n >= sizeof(list) - size)
                        break;
                size += (size_t)n;
        }
        list[size] = '\0';
        say_format("{\"done\":{\"addresses\":[%s]}}\n", list);
}
