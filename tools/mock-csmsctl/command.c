/* See command.h. */
#include "command.h"
#include <ctype.h>
#include <stdio.h>

/* Bytes of an option that are said again, and of a file that has the value of one. */
#define SHOWN_MAX 64
#define VALUE_FILE_MAX ((size_t)2 << 20)

/* What is read, while it is. */
typedef struct Reading {
        const cJSON *document;
        const Operation *operation;
        Command command;
        char *values[PARAMS_MAX]; /* of the path and the query, encoded */
        cJSON *body;              /* NULL: no member was given */
        const char *file;
        Sentence *reterr;
} Reading;

static void reading_done(Reading *r)
{
        for (size_t i = 0; i < PARAMS_MAX; i++)
                free(r->values[i]);
        cJSON_Delete(r->body);
        command_done(&r->command);
}

void command_done(Command *command)
{
        free(command->target);
        free(command->json);
        *command = (Command){0};
}

/* Percent-encoded (RFC 3986, 2.3). NULL: out of memory. */
static char *encode(const char *text)
{
        static const char digits[] = "0123456789ABCDEF";
        char *out = malloc(strlen(text) * 3 + 1), *p = out;
        if (!out)
                return NULL;
        for (const unsigned char *s = (const unsigned char *)text; *s; s++) {
                if (isalnum(*s) || strchr("-._~", *s)) {
                        *p++ = (char)*s;
                        continue;
                }
                *p++ = '%';
                *p++ = digits[*s >> 4];
                *p++ = digits[*s & 15];
        }
        *p = '\0';
        return out;
}

/* The value as it stands in a path or a query. */
static int take_text(Reading *r, size_t i, const cJSON *value, const char *text)
{
        bool twice = r->values[i];
        free(r->values[i]);
        /* a dot alone would be taken for a step in the path */
        bool dots =
                r->operation->params[i].place == IN_PATH && (streq(text, ".") || streq(text, ".."));
        r->values[i] = dots ? NULL : encode(text);
        if (dots)
                return complain(r->reterr, "\"%s\" can't be in a path.", text);
        if (twice)
                return complain(r->reterr, "--%s is given twice.", r->operation->params[i].name);
        return value && r->values[i] ? 0 : -ENOMEM;
}

static int take_member(Reading *r, const char *name, cJSON *value)
{
        if (!r->body)
                r->body = cJSON_CreateObject();
        bool twice = cJSON_GetObjectItemCaseSensitive(r->body, name);
        if (twice || !r->body || !cJSON_AddItemToObject(r->body, name, value)) {
                cJSON_Delete(value);
                return twice ? complain(r->reterr, "--%s is given twice.", name) : -ENOMEM;
        }
        return 0;
}

static void erase(char **text)
{
        if (*text)
                explicit_bzero(*text, strlen(*text));
        free(*text);
}

/* "@FILE" is what the file has, "@@x" is "@x". *text is replaced, *ret owned by the caller. */
static int read_value(const Reading *r, const Param *param, const char **text, char **ret)
{
        char word[WORD_MAX];
        if (!startswith(*text, "@"))
                return 0;
        const char *file = ++*text;
        if (*file == '@')
                return 0;
        int e = file_read(file, VALUE_FILE_MAX, ret, NULL);
        if (e < 0)
                return complain(r->reterr, "--%s: can't read %s: %s.", spec_word(param->name, word),
                                file, strerror(-e));
        *text = *ret;
        return 0;
}

static int take_param(Reading *r, size_t i, const char *text)
{
        const Param *param = &r->operation->params[i];
        cJSON *value = NULL;
        _cleanup_(erase) char *content = NULL;
        Sentence expected;
        char word[WORD_MAX];
        if (read_value(r, param, &text, &content) < 0)
                return -EINVAL;
        int e = value_read(r->document, param->schema, text, &value, &expected);
        if (e == -EINVAL)
                return complain(r->reterr, "--%s: expected %s.", spec_word(param->name, word),
                                expected.text);
        if (e < 0 || param->place == IN_BODY)
                return e < 0 ? e : take_member(r, param->name, value);
        e = take_text(r, i, value, text);
        cJSON_Delete(value);
        return e;
}

/* Whether somebody means it by this word, of so many bytes: its own name, or as a word. */
static bool is_meant(const char *own, const char *name, size_t size)
{
        char word[WORD_MAX];
        spec_word(own, word);
        return (strlen(own) == size && strncmp(own, name, size) == 0) ||
               (strlen(word) == size && strncmp(word, name, size) == 0);
}

/* The number of the parameter of that name, of so many bytes; -ENOENT. */
static int find_param(const Operation *o, const char *name, size_t size)
{
        for (size_t i = 0; i < o->count; i++)
                if (is_meant(o->params[i].name, name, size))
                        return (int)i;
        return -ENOENT;
}

typedef enum Own { OWN_BODY, OWN_OUTPUT, OWN_COLUMNS, OWN_JSON, OWN_HELP, OWN_MAX } Own;

/* What is an option of each operation. OWN_MAX: nothing. */
static Own find_own(const char *name, size_t size)
{
        static const char *const names[OWN_MAX] = {"body", "output", "columns", "json", "help"};
        for (int i = 0; i < OWN_MAX; i++)
                if (strlen(names[i]) == size && strncmp(names[i], name, size) == 0)
                        return (Own)i;
        return OWN_MAX;
}

/* The member of that name, of so many bytes; NULL: there is none. */
static const char *find_column(const Operation *o, const char *name, size_t size)
{
        for (size_t i = 0; i < o->columns_count; i++)
                if (is_meant(o->columns[i], name, size))
                        return o->columns[i];
        return NULL;
}

/* Names, parted by commas. */
static int take_columns(Reading *r, const char *names)
{
        const Operation *o = r->operation;
        if (o->columns_count == 0)
                return complain(r->reterr, "--columns is for lists; this call answers with none.");
        for (size_t n = 0;; n++) {
                size_t size = strcspn(names, ",");
                const char *column = n < COLUMNS_MAX ? find_column(o, names, size) : NULL;
                if (!column)
                        return complain(r->reterr, "--columns: there is no column \"%.*s\".",
                                        (int)MIN(size, SHOWN_MAX), names);
                for (size_t i = 0; i < n; i++)
                        if (r->command.columns[i] == column)
                                return complain(r->reterr, "--columns: %s is given twice.", column);
                r->command.columns[n] = column;
                r->command.columns[n + 1] = NULL;
                if (!names[size])
                        return 0;
                names += size + 1;
        }
}

static int take_own(Reading *r, Own own, const char *value)
{
        if (own == OWN_COLUMNS)
                return take_columns(r, value);
        if (own == OWN_BODY)
                r->file = value;
        else if (own == OWN_OUTPUT)
                r->command.output = value;
        else if (own == OWN_JSON)
                r->command.as_json = true;
        else
                r->command.wants_help = true;
        return 0;
}

/* Takes a word that stands alone: the next parameter of the path. */
static int take_word(Reading *r, const char *word)
{
        for (size_t i = 0; i < r->operation->count; i++)
                if (r->operation->params[i].place == IN_PATH && !r->values[i])
                        return take_param(r, i, word);
        return complain(r->reterr, "\"%.*s\" is no option: they begin with \"--\".", SHOWN_MAX,
                        word);
}

/* Takes an option; *words is set behind it. */
static int take_option(Reading *r, char *const **words)
{
        const char *word = *(*words)++, *name = startswith(word, "--");
        if (!name)
                return take_word(r, word);
        size_t size = strcspn(name, "=");
        const char *value = name[size] ? name + size + 1 : NULL;
        int i = find_param(r->operation, name, size);
        Own own = i < 0 ? find_own(name, size) : OWN_MAX;
        bool flag = own == OWN_JSON || own == OWN_HELP;
        if (i < 0 && own == OWN_MAX)
                return complain(r->reterr,
                                "There is no option --%.*s here. Those for the server stand "
                                "before the subcommand.",
                                (int)MIN(size, SHOWN_MAX), name);
        if (flag && value)
                return complain(r->reterr, "--%.*s has no value.", (int)size, name);
        if (!flag && !value)
                value = **words ? *(*words)++ : NULL;
        if (!flag && !value)
                return complain(r->reterr, "--%.*s needs a value.", (int)size, name);
        if (i >= 0)
                return take_param(r, (size_t)i, value);
        return take_own(r, own, value);
}

static int check_required(Reading *r)
{
        char word[WORD_MAX];
        const Operation *o = r->operation;
        for (size_t i = 0; i < o->count; i++) {
                const Param *p = &o->params[i];
                bool given = p->place == IN_BODY ? cJSON_HasObjectItem(r->body, p->name)
                                                 : r->values[i] != NULL;
                bool wanted = p->place != IN_BODY || (!r->file && (r->body || o->needs_body) &&
                                                      (r->body || !o->bytes_type));
                if (p->required && wanted && !given)
                        return complain(r->reterr, "--%s is missing.", spec_word(p->name, word));
        }
        if (r->file && r->body)
                return complain(r->reterr,
                                "--body has the whole body: no other members can be given.");
        if (r->file && !o->takes_json && !o->bytes_type)
                return complain(r->reterr, "This call has no body.");
        if (!r->file && !r->body && o->needs_body && !o->takes_json)
                return complain(r->reterr, "--body FILE is missing.");
        return 0;
}

/* The path with its parameters, and the query. */
static int make_target(Reading *r)
{
        const Operation *o = r->operation;
        size_t size = 0;
        FILE *out = open_memstream(&r->command.target, &size);
        if (!out)
                return -ENOMEM;
        for (const char *p = o->path; *p; p++) {
                size_t n = strcspn(p, "}");
                int i = *p == '{' ? find_param(o, p + 1, n - 1) : -ENOENT;
                if (i < 0) {
                        fputc(*p, out);
                        continue;
                }
                fputs(r->values[i], out);
                p += n;
        }
        const char *glue = "?";
        for (size_t i = 0; i < o->count; i++) {
                if (o->params[i].place != IN_QUERY || !r->values[i])
                        continue;
                fprintf(out, "%s%s=%s", glue, o->params[i].name, r->values[i]);
                glue = "&";
        }
        return fclose(out) == 0 ? 0 : -ENOMEM;
}

static int make_body(Reading *r)
{
        const Operation *o = r->operation;
        Command *c = &r->command;
        bool json = r->body || (!r->file && o->needs_body);
        if (r->file) {
                c->file = r->file;
                c->type = o->bytes_type ? o->bytes_type : "application/json";
        } else if (json) {
                c->json = r->body ? cJSON_PrintUnformatted(r->body) : strdup("{}");
                c->type = "application/json";
                return c->json ? 0 : -ENOMEM;
        }
        return 0;
}

/* Whether it is a list that comes by pages, and no page of it was asked for. */
static bool is_whole_list(const Reading *r)
{
        int after = find_param(r->operation, "after", strlen("after"));
        int limit = find_param(r->operation, "limit", strlen("limit"));
        return after >= 0 && limit >= 0 && !r->values[after] && !r->values[limit];
}

static const char *method_word(const char *method)
{
        static const char *const words[] = {"GET", "PUT", "POST", "DELETE", "PATCH"};
        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (strcasecmp(words[i], method) == 0)
                        return words[i];
        return NULL;
}

int command_read(const cJSON *document, const Operation *operation, char *const *words,
                 Command *ret, Sentence *reterr)
{
        _cleanup_(reading_done)
                Reading r = {.document = document, .operation = operation, .reterr = reterr};
        int e = 0;
        while (e == 0 && *words)
                e = take_option(&r, &words);
        if (e == 0 && !r.command.wants_help)
                e = check_required(&r);
        if (e == 0 && !r.command.wants_help)
                e = make_target(&r);
        if (e == 0 && !r.command.wants_help)
                e = make_body(&r);
        if (e < 0)
                return e;
        r.command.method = method_word(operation->method);
        r.command.whole = is_whole_list(&r);
        *ret = r.command;
        r.command = (Command){0};
        return 0;
}
