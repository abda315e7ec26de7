/* system.conf of RAUC: [system] statusfile and data-directory, [log.NAME] filename. */
#include <ini.h>

#include "collect-rauc.h"

#define CONFIG_SIZE_MAX 65536
#define PER_SLOT "per-slot"
/* In data-directory, where statusfile is not given. */
#define STATUS_FILE "central.raucs"
/* RAUC renames a full log to NAME.1, NAME.2, … */
#define WITH_ROTATED "{,.[0-9]*}"

typedef struct RaucConfig {
        char *folder; /* of system.conf: relative paths begin there */
        char *status_file, *data_directory;
        FileList *list;
} RaucConfig;

static void config_done(RaucConfig *c)
{
        free(c->folder);
        free(c->status_file);
        free(c->data_directory);
}

static char *path_below(const char *folder, const char *name)
{
        return name[0] == '/' ? strdup(name) : str_printf("%s/%s", folder, name);
}

static int find_status(FileList *list, const char *folder, const char *name)
{
        _cleanup_(freep) char *path = path_below(folder, name);

        return path ? files_find(list, path, true) : -ENOMEM;
}

static int find_log(FileList *list, const char *folder, const char *name)
{
        _cleanup_(freep) char *path = path_below(folder, name);
        _cleanup_(freep) char *all = path ? str_printf("%s" WITH_ROTATED, path) : NULL;

        return all ? files_find(list, all, false) : -ENOMEM;
}

/* Both handlers as inih wants them: 0 is a failure. */
static int on_system(void *userdata, const char *section, const char *name, const char *value)
{
        RaucConfig *c = userdata;

        if (streq(section, "system") && streq(name, "statusfile"))
                return str_replace(&c->status_file, value) == 0;
        if (!streq(section, "system") || !streq(name, "data-directory"))
                return 1;
        free(c->data_directory);
        c->data_directory = path_below(c->folder, value);
        return c->data_directory ? 1 : 0;
}

static int on_log(void *userdata, const char *section, const char *name, const char *value)
{
        const RaucConfig *c = userdata;

        if (!startswith(section, "log.") || !streq(name, "filename"))
                return 1;
        return find_log(c->list, c->data_directory ?: c->folder, value) == 0;
}

/* Read twice: a log's path may need what a later section says. */
int rauc_files_find(FileList *list, const char *path)
{
        _cleanup_(config_done) RaucConfig c = {.list = list};
        _cleanup_(freep) char *text = NULL;
        const char *name = strrchr(path, '/');
        int r = file_read(path, CONFIG_SIZE_MAX, &text, NULL);

        if (r < 0)
                return r;
        c.folder = name ? str_printf("%.*s", (int)(name - path), path) : strdup(".");
        if (!c.folder || ini_parse_string(text, on_system, &c) < 0 ||
            ini_parse_string(text, on_log, &c) < 0)
                return -ENOMEM;
        if (c.status_file && !streq(c.status_file, PER_SLOT)) /* else each slot has its own */
                return find_status(list, c.folder, c.status_file);
        if (!c.status_file && c.data_directory)
                return find_status(list, c.data_directory, STATUS_FILE);
        return 0;
}
