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

static int find_below(const RaucConfig *c, const char *folder, const char *name, const char *end)
{
        _cleanup_(freep) char *path = name[0] == '/' ? str_printf("%s%s", name, end)
                                                     : str_printf("%s/%s%s", folder, name, end);

        return path ? files_find(c->list, path, !*end) : -ENOMEM;
}

/* Both handlers as inih wants them: 0 is a failure. */
static int on_system(void *userdata, const char *section, const char *name, const char *value)
{
        RaucConfig *c = userdata;
        int r = 0;

        if (streq(section, "system") && streq(name, "statusfile"))
                r = str_replace(&c->status_file, value);
        if (streq(section, "system") && streq(name, "data-directory"))
                r = str_replace(&c->data_directory, value);
        return r == 0;
}

static int on_log(void *userdata, const char *section, const char *name, const char *value)
{
        const RaucConfig *c = userdata;

        if (!startswith(section, "log.") || !streq(name, "filename"))
                return 1;
        return find_below(c, c->data_directory ?: c->folder, value, WITH_ROTATED) == 0;
}

static int find_status(const RaucConfig *c)
{
        if (c->status_file && !streq(c->status_file, PER_SLOT))
                return find_below(c, c->folder, c->status_file, "");
        if (!c->status_file && c->data_directory)
                return find_below(c, c->data_directory, STATUS_FILE, "");
        return 0; /* each slot has its own, inside */
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
        return find_status(&c);
}
