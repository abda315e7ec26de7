/* Reads agent.conf and its drop-ins by the option table. inih finds sections, keys and values;
 * lines come to it through a reader of ours that counts them. */
#include <dirent.h>
#include <fcntl.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config-option.h"

#define CONFIG_FILE_SIZE_MAX 262144
#define CONFIG_FIRST_LINE_MAX 4096
/* More than the table has; config_load() refuses to run with more. */
#define CONFIG_OPTIONS_MAX 96

/* One load: the files read so far and which line of which file set each option. */
typedef struct Loading {
        Config config;
        ConfigError error; /* empty: none yet; the first one stays */
        const char *name;  /* the file at hand */
        const char *text;
        size_t size, position;
        unsigned line;
        bool seen[CONFIG_OPTIONS_MAX]; /* in this file */
        struct {
                char *file;
                unsigned line;
        } origin[CONFIG_OPTIONS_MAX];
} Loading;

static void loading_done(Loading *l)
{
        config_done(&l->config);
        for (size_t i = 0; i < CONFIG_OPTIONS_MAX; i++)
                free(l->origin[i].file);
}

/* Keeps the first complaint, without control characters. Returns -EINVAL. */
_printf_(4, 5) static int complain(Loading *l, const char *file, unsigned line, const char *format,
                                   ...)
{
        char what[sizeof(l->error.text) - 128], where[16] = "";
        va_list ap;

        if (*l->error.text)
                return -EINVAL;
        va_start(ap, format);
        vsnprintf(what, sizeof(what), format, ap);
        va_end(ap);
        if (line > 0)
                snprintf(where, sizeof(where), ":%u", line);
        snprintf(l->error.text, sizeof(l->error.text), "%.100s%s: %s", file, where, what);
        for (char *p = l->error.text; *p; p++)
                if ((unsigned char)*p < ' ' || *p == 0x7f)
                        *p = '?';
        return -EINVAL;
}

static int take_pair(Loading *l, const char *section, const char *key, const char *value)
{
        const Option *o = config_option_find(section, key);
        char expected[CONFIG_EXPECTED_MAX];
        size_t i;

        if (!o)
                return complain(l, l->name, l->line, "[%.40s] %.40s: there is no such option",
                                section, key);
        i = (size_t)(o - config_options);
        if (l->seen[i])
                return complain(l, l->name, l->line,
                                "[%s] %s: expected once, got a second time (line %u has it)",
                                section, key, l->origin[i].line);
        l->seen[i] = true;
        l->origin[i].line = l->line;
        if (str_replace(&l->origin[i].file, l->name) < 0)
                return complain(l, l->name, l->line, "out of memory");
        if (config_option_set(o, &l->config, value) == 0)
                return 0;
        return complain(l, l->name, l->line, "[%s] %s: expected %s, got \"%.80s\"", section, key,
                        config_option_describe(o, expected), value);
}

/* inih's call for each "key = value"; 0 is a failure. */
static int on_pair(void *userdata, const char *section, const char *key, const char *value)
{
        return take_pair(userdata, section, key, value) == 0;
}

/* inih's fgets(). It would split an over-long line silently and take an indented one for the end of
 * the line before, so blanks in front are dropped and long lines end the reading. */
static char *read_line(char *buffer, int size, void *stream)
{
        Loading *l = stream;
        const char *start = l->text + l->position, *end;
        size_t left = l->size - l->position, n;

        if (left == 0 || *l->error.text)
                return NULL;
        end = memchr(start, '\n', left);
        n = end ? (size_t)(end - start) : left;
        l->position += n + (end != NULL);
        l->line++;
        for (; n > 0 && (*start == ' ' || *start == '\t'); n--)
                start++;
        if (memchr(start, '\0', n)) {
                complain(l, l->name, l->line, "expected text, got a NUL byte");
                return NULL;
        }
        if (n + 2 > (size_t)size) {
                complain(l, l->name, l->line, "expected at most %i characters in a line, got %zu",
                         size - 2, n);
                return NULL;
        }
        memcpy(buffer, start, n);
        buffer[n] = '\0';
        return buffer;
}

/* One file's text into l->config. 0 or -EINVAL with l->error. */
static int parse_text(Loading *l, const char *name, const char *text, size_t size)
{
        int r;

        l->name = name;
        l->text = text;
        l->size = size;
        l->position = 0;
        l->line = 0;
        memset(l->seen, 0, sizeof(l->seen));
        r = ini_parse_stream(read_line, l, on_pair, l);
        if (r < 0)
                complain(l, name, 0, "out of memory");
        /* inih goes on after a line it can't read; what came of that is no news. */
        if (r > 0 && (!*l->error.text || (unsigned)r < l->line)) {
                *l->error.text = '\0';
                complain(l, name, (unsigned)r, "expected [section], key = value or # comment");
        }
        return *l->error.text ? -EINVAL : 0;
}

/* A complaint about an option after all is read: at the line that set it, else about the file. */
static int complain_option(Loading *l, const char *section, const char *key, const char *what)
{
        const Option *o = config_option_find(section, key);
        size_t i = (size_t)(o - config_options);
        const char *file = l->origin[i].file;

        return complain(l, file ? file : l->name, file ? l->origin[i].line : 0, "[%s] %s: %s",
                        section, key, what);
}

/* What no single line shows. l->name is the main file again. */
static int check_whole(Loading *l)
{
        const Config *c = &l->config;

        if (!c->url)
                return complain_option(l, "csms", "url", "expected an address, got none");
        if (!c->identity && !c->identity_file)
                return complain_option(l, "csms", "identity",
                                       "expected this or identity_file, got neither");
        if (c->identity && c->identity_file)
                return complain_option(l, "csms", "identity_file",
                                       "expected this or identity, got both");
        if (c->identity && strchr(c->identity, ':'))
                return complain_option(l, "csms", "identity",
                                       "expected a name without colon (Basic authentication)");
        if (startswith(c->url, "wss://") && !c->csms_ca_file && !c->use_system_roots)
                return complain_option(l, "csms", "ca_file",
                                       "expected this or use_system_roots = yes, as url is wss://");
        if (!c->vendor)
                return complain_option(l, "station", "vendor", "expected a name, got none");
        if (!c->model)
                return complain_option(l, "station", "model", "expected a name, got none");
        if (c->reboot == REBOOT_COMMAND && !c->reboot_command)
                return complain_option(l, "firmware", "reboot_command",
                                       "expected a program, as reboot is command");
        if (c->transfer_client_key && !c->transfer_client_cert)
                return complain_option(l, "firmware", "client_key",
                                       "expected client_cert_file too, got the key alone");
        return 0;
}

/* The spool stands in the state folder unless told. */
static int complete(Config *c)
{
        if (!c->spool && !(c->spool = str_printf("%s/spool", c->state_directory)))
                return -ENOMEM;
        return 0;
}

static int loading_init(Loading *l)
{
        if (config_option_count > CONFIG_OPTIONS_MAX)
                return -EOVERFLOW;
        return config_init(&l->config);
}

static int loading_finish(Loading *l, const char *name)
{
        int r;

        l->name = name;
        if ((r = check_whole(l)) < 0)
                return r;
        return complete(&l->config);
}

int config_parse(const char *name, const char *text, size_t size, Config *ret, ConfigError *reterr)
{
        _cleanup_(loading_done) Loading l = {0};
        int r;

        if ((r = loading_init(&l)) < 0 || (r = parse_text(&l, name, text, size)) < 0 ||
            (r = loading_finish(&l, name)) < 0) {
                *reterr = l.error;
                return r;
        }
        *ret = l.config;
        memset(&l.config, 0, sizeof(l.config));
        return 0;
}

static int load_file(Loading *l, const char *path)
{
        _cleanup_(freep) char *text = NULL;
        size_t size;
        int r = file_read(path, CONFIG_FILE_SIZE_MAX, &text, &size);

        if (r < 0) {
                complain(l, path, 0, "%s", strerror(-r));
                return r;
        }
        return parse_text(l, path, text, size);
}

static int is_conf(const struct dirent *entry)
{
        size_t n = strlen(entry->d_name);

        return *entry->d_name != '.' && n > 5 && streq(entry->d_name + n - 5, ".conf");
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
        return strcmp((*a)->d_name, (*b)->d_name);
}

static int load_drop_ins(Loading *l, const char *path)
{
        _cleanup_(freep) char *folder = str_printf("%s.d", path);
        struct dirent **entries;
        int n, r = 0;

        if (!folder)
                return -ENOMEM;
        n = scandir(folder, &entries, is_conf, compare_names);
        if (n < 0)
                return errno == ENOENT ? 0 : complain(l, folder, 0, "%s", strerror(errno));
        for (int i = 0; i < n; i++) {
                _cleanup_(freep) char *file = str_printf("%s/%s", folder, entries[i]->d_name);

                if (r == 0)
                        r = file ? load_file(l, file) : -ENOMEM;
                free(entries[i]);
        }
        free(entries);
        return r;
}

/* Whether the files that keys name can be used, told with the key and not in the middle of an
 * update. */
static int check_files(Loading *l)
{
        for (size_t i = 0; i < config_option_count; i++) {
                const Option *o = &config_options[i];
                const char *path;
                char what[128];

                if (o->kind != OPTION_FILE && o->kind != OPTION_KEY && o->kind != OPTION_PROGRAM)
                        continue;
                memcpy(&path, (const char *)&l->config + o->offset, sizeof(path));
                if (!path || (o->kind == OPTION_KEY && *path != '/') ||
                    access(path, o->kind == OPTION_PROGRAM ? X_OK : R_OK) == 0)
                        continue;
                snprintf(what, sizeof(what), "can't use this file: %s", strerror(errno));
                return complain_option(l, o->section, o->key, what);
        }
        return 0;
}

/* The first line of a file as the option's value; options without a file are left alone. */
static int take_first_line(Loading *l, const Option *o, const char *file_key, const char *path)
{
        _cleanup_(freep) char *text = NULL;
        char expected[CONFIG_EXPECTED_MAX], what[CONFIG_EXPECTED_MAX + 32];
        char *line;
        int r;

        if (!path)
                return 0;
        if ((r = file_read(path, CONFIG_FIRST_LINE_MAX, &text, NULL)) < 0)
                return complain_option(l, o->section, file_key, strerror(-r));
        text[strcspn(text, "\n")] = '\0';
        line = str_strip(text);
        for (const char *p = line; *p; p++)
                if ((unsigned char)*p < ' ' || *p == 0x7f)
                        return complain_option(l, o->section, file_key,
                                               "expected text in the first line");
        if (!*line || (streq(o->key, "identity") && strchr(line, ':')))
                return complain_option(
                        l, o->section, file_key,
                        "expected a first line with text, an identity without colon");
        r = config_option_set(o, &l->config, line);
        if (r != -EINVAL && r != -ERANGE)
                return r;
        snprintf(what, sizeof(what), "expected in the first line %s",
                 config_option_describe(o, expected));
        return complain_option(l, o->section, file_key, what);
}

int config_load(const char *path, Config *ret, ConfigError *reterr)
{
        _cleanup_(loading_done) Loading l = {0};
        Config *c = &l.config;
        int r;

        if ((r = loading_init(&l)) < 0 || (r = load_file(&l, path)) < 0 ||
            (r = load_drop_ins(&l, path)) < 0 || (r = loading_finish(&l, path)) < 0 ||
            (r = check_files(&l)) < 0 ||
            (r = take_first_line(&l, config_option_find("csms", "identity"), "identity_file",
                                 c->identity_file)) < 0 ||
            (r = take_first_line(&l, config_option_find("station", "serial"), "serial_file",
                                 c->serial_file)) < 0) {
                if (!*l.error.text)
                        complain(&l, path, 0, "%s", strerror(-r));
                *reterr = l.error;
                return r;
        }
        *ret = *c;
        memset(c, 0, sizeof(*c));
        return 0;
}

int config_read_password(const Config *c, char **ret)
{
        char *text, *end;
        size_t size;
        int r;

        if (!c->password_file) {
                *ret = NULL;
                return 0;
        }
        if ((r = file_read(c->password_file, CONFIG_FIRST_LINE_MAX, &text, &size)) < 0)
                return r;
        end = text + strcspn(text, "\r\n");
        /* One line and nothing behind it, not even a NUL: else the password is not what was meant.
         */
        if (end == text || end[strspn(end, "\r\n")] || end + strspn(end, "\r\n") != text + size) {
                explicit_bzero(text, size);
                free(text);
                return -EINVAL;
        }
        explicit_bzero(end, size - (size_t)(end - text));
        *ret = text;
        return 0;
}
