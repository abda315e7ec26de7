/* Units to matches of sd-journal, files one by one: see collect-journal-match.h. */
#include <fnmatch.h>
#include <glob.h>
#include <stdio.h>

#include "collect-journal-match.h"
#include "util.h"

/* In all, globs resolved. */
#define UNITS_MAX 200
#define ALL_UNITS "*"
#define GLOB_CHARACTERS "*?["
/* Of damaged files, as many are told. */
#define TOLD_MAX 50
/* systemd-coredump's message about a process that crashed. */
#define COREDUMP_MESSAGE "MESSAGE_ID=fc2e22bc6ee647b6b90729ab34a250b1"
#define MATCHES_MAX 3

/* One line is one way in which an entry belongs to the unit: all of its fields have these values,
 * the last one the unit's name. */
static const char *const ways[][MATCHES_MAX] = {
        {"_SYSTEMD_UNIT="},
        {"_PID=1", "UNIT="},
        {"_UID=0", "OBJECT_SYSTEMD_UNIT="},
        {"_UID=0", COREDUMP_MESSAGE, "COREDUMP_UNIT="},
};

/* systemd.unit(5) */
static const char *const suffixes[] = {".service",   ".socket", ".target", ".mount",
                                       ".automount", ".swap",   ".timer",  ".path",
                                       ".slice",     ".scope",  ".device"};

/* Where the system keeps its journal: machine id, then files. */
static const char *const system_folders[] = {"/var/log/journal", "/run/log/journal"};
static const char *const file_patterns[] = {"*.journal", "*.journal~", "*/*.journal",
                                            "*/*.journal~"};

static int match_unit(sd_journal *j, const char *unit)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(ways); i++) {
                for (size_t k = 0; r >= 0 && k < MATCHES_MAX && ways[i][k]; k++) {
                        bool named = ways[i][k][strlen(ways[i][k]) - 1] == '=';
                        _cleanup_(freep) char *match =
                                str_printf("%s%s", ways[i][k], named ? unit : "");

                        r = match ? sd_journal_add_match(j, match, 0) : -ENOMEM;
                }
                if (r >= 0)
                        r = sd_journal_add_disjunction(j);
        }
        return r;
}

static bool has_suffix(const char *unit)
{
        const char *dot = strrchr(unit, '.');

        for (size_t i = 0; dot && i < ELEMENTSOF(suffixes); i++) {
                if (streq(dot, suffixes[i]))
                        return true;
        }
        return false;
}

/* The units that said something and are like the pattern. */
static int match_glob(sd_journal *j, const char *pattern, unsigned *count)
{
        static const char field[] = "_SYSTEMD_UNIT";
        const void *data;
        size_t size;
        int r = sd_journal_query_unique(j, field);

        while (r >= 0 && (r = sd_journal_enumerate_available_unique(j, &data, &size)) > 0) {
                _cleanup_(freep) char *unit =
                        str_printf("%.*s", (int)(size - sizeof(field)),
                                   (const char *)data + sizeof(field)); /* '=' for NUL */

                if (!unit)
                        return -ENOMEM;
                if (fnmatch(pattern, unit, 0) == 0)
                        r = ++*count > UNITS_MAX ? -E2BIG : match_unit(j, unit);
        }
        return r;
}

int journal_match(sd_journal *j, const cJSON *units)
{
        const cJSON *item;
        unsigned count = 0;
        int r = 0;

        cJSON_ArrayForEach (item, units) {
                if (streq(item->valuestring, ALL_UNITS))
                        return 0;
        }
        cJSON_ArrayForEach (item, units) {
                _cleanup_(freep) char *unit = str_printf(
                        "%s%s", item->valuestring, has_suffix(item->valuestring) ? "" : ".service");

                if (!unit)
                        return -ENOMEM;
                if (strpbrk(unit, GLOB_CHARACTERS))
                        r = match_glob(j, unit, &count);
                else
                        r = ++count > UNITS_MAX ? -E2BIG : match_unit(j, unit);
                if (r < 0)
                        return r;
        }
        return count > 0 ? 0 : -ENODATA; /* no match at all would be the whole journal */
}

static int tell_file(const char *path, int error, cJSON *array)
{
        cJSON *o = cJSON_CreateObject();

        if (!cJSON_AddItemToArray(array, o) || !cJSON_AddStringToObject(o, "file", path) ||
            !cJSON_AddStringToObject(o, "why", strerror(-error)))
                return -ENOMEM;
        return 0;
}

static int judge_files(const char *pattern, cJSON *array)
{
        glob_t found;
        int r = 0;

        if (glob(pattern, GLOB_NOSORT, NULL, &found) != 0)
                return 0;
        for (size_t i = 0; r == 0 && i < found.gl_pathc && cJSON_GetArraySize(array) < TOLD_MAX;
             i++) {
                const char *one[] = {found.gl_pathv[i], NULL};
                sd_journal *j = NULL;
                int opened = sd_journal_open_files(&j, one, 0);

                sd_journal_close(j);
                if (opened < 0)
                        r = tell_file(one[0], opened, array);
        }
        globfree(&found);
        return r;
}

int journal_judge_files(const char *folder, cJSON *array)
{
        size_t count = folder ? 1 : ELEMENTSOF(system_folders);
        int r = 0;

        for (size_t i = 0; i < count * ELEMENTSOF(file_patterns) && r == 0; i++) {
                const char *top = folder ?: system_folders[i / ELEMENTSOF(file_patterns)];
                _cleanup_(freep) char *pattern =
                        str_printf("%s/%s", top, file_patterns[i % ELEMENTSOF(file_patterns)]);

                r = pattern ? judge_files(pattern, array) : -ENOMEM;
        }
        return r;
}
