/* URLs are found by what stands between scheme and host: see blank.h. */
#include "blank.h"
#include "util.h"

/* As JSON writers spell it, too: some escape each slash. */
static const char *const before_hosts[] = {"://", ":\\/\\/"};

/* RFC 3986, 3.2: what ends the part with user and host; and what ends a URL in a text. */
static bool ends_authority(char c)
{
        return (unsigned char)c <= ' ' || c == 0x7f || strchr("/?#\"'<>\\`", c);
}

static void blank_after(char *from, const char *end)
{
        char *at = NULL;

        for (char *p = from; p < end && !ends_authority(*p); p++) {
                if (*p == '@')
                        at = p;
        }
        if (at)
                memset(from, '*', (size_t)(at - from));
}

void blank_urls(char *text, size_t size)
{
        const char *end = text + size;

        for (size_t i = 0; i < ELEMENTSOF(before_hosts); i++) {
                size_t n = strlen(before_hosts[i]);
                char *p = text;

                while ((p = memmem(p, (size_t)(end - p), before_hosts[i], n))) {
                        p += n;
                        blank_after(p, end);
                }
        }
}

size_t blank_cut(const char *text, size_t size)
{
        for (size_t i = size; i > 0; i--) {
                if (text[i - 1] != '/' && text[i - 1] != '\\' && ends_authority(text[i - 1]))
                        return i;
        }
        return size;
}
