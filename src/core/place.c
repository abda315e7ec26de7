/* Where a folder lies: see place.h. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "place.h"

#define MOUNTINFO_MAX (1024 * 1024)

/* The next word of a line, which is cut. NULL: there is none. */
static char *take_word(char **line)
{
        char *word;

        do
                word = strsep(line, " ");
        while (word && !*word);
        return word;
}

/* Octal escapes (\040) of the kernel, in place. */
static void unescape(char *text)
{
        char *to = text;

        for (const char *p = text; *p; p++) {
                unsigned value;

                if (*p == '\\' && sscanf(p + 1, "%3o", &value) == 1 && strlen(p) >= 4) {
                        *to++ = (char)value;
                        p += 3;
                } else {
                        *to++ = *p;
                }
        }
        *to = '\0';
}

/* 36 35 98:0 /root /mount options [tags…] - type source options (proc(5)) */
static int parse_line(char *line, uint64_t id, char **ret_type, char **ret_source)
{
        char *word = take_word(&line), *type, *source;

        if (!word || strtoull(word, NULL, 10) != id)
                return -ENOENT;
        while ((word = take_word(&line)) && !streq(word, "-"))
                ;
        type = take_word(&line);
        source = take_word(&line);
        if (!type || !source)
                return -ENOENT;
        unescape(source);
        if (str_replace(ret_type, type) < 0 ||
            str_replace(ret_source, *source == '/' ? source : NULL) < 0)
                return -ENOMEM;
        return 0;
}

int place_parse(const char *mountinfo, uint64_t id, char **ret_type, char **ret_source)
{
        _cleanup_(freep) char *copy = strdup(mountinfo);
        char *rest = copy, *line;
        int r = copy ? -ENOENT : -ENOMEM;

        while (r == -ENOENT && (line = strsep(&rest, "\n")))
                r = parse_line(line, id, ret_type, ret_source);
        return r;
}

dev_t place_block_device(const char *path)
{
        struct stat st;

        return path && stat(path, &st) == 0 && S_ISBLK(st.st_mode) ? st.st_rdev : 0;
}

int place_find(const char *path, Place *ret)
{
        _cleanup_(freep) char *mountinfo = NULL, *type = NULL, *source = NULL;
        _cleanup_(freep) char *at_path = strdup(path);
        struct statx at;
        int r;

        if (!at_path)
                return -ENOMEM;
        while (statx(AT_FDCWD, at_path, 0, STATX_MNT_ID, &at) < 0) {
                char *slash = strrchr(at_path, '/');

                if (errno != ENOENT || !slash || slash == at_path)
                        return -errno;
                *slash = '\0';
        }
        if (!(at.stx_mask & STATX_MNT_ID)) /* before Linux 5.8 */
                return -ENODATA;
        r = file_read("/proc/self/mountinfo", MOUNTINFO_MAX, &mountinfo, NULL);
        if (r == 0)
                r = place_parse(mountinfo, at.stx_mnt_id, &type, &source);
        if (r < 0)
                return r;
        snprintf(ret->type, sizeof(ret->type), "%s", type);
        ret->device = place_block_device(source);
        return 0;
}

bool place_is_fleeting(const Place *p)
{
        static const char *const types[] = {"tmpfs", "ramfs", "overlay", "rootfs"};

        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                if (streq(p->type, types[i]))
                        return true;
        return false;
}
