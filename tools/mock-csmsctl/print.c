/* See print.h. */
#include "print.h"

/* Columns of a table. */
#define COLUMNS_MAX 32

/* Characters of a cell in a table; what is longer is told by --json, or of one thing alone. */
#define CELL_MAX 48

/* The value in a cell, owned; NULL: out of memory. */
static char *cell_of(const cJSON *value)
{
        if (!value || cJSON_IsNull(value))
                return strdup("-");
        if (cJSON_IsBool(value))
                return strdup(cJSON_IsTrue(value) ? "yes" : "no");
        if (!cJSON_IsString(value))
                return cJSON_PrintUnformatted(value);
        return strdup(value->valuestring);
}

/* What a terminal may take for a command becomes "?": C0, DEL, and C1 as UTF-8. */
static void make_harmless(char *text)
{
        for (unsigned char *p = (unsigned char *)text; *p; p++) {
                if (*p < 0x20 || *p == 0x7f)
                        *p = '?';
                if (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
                        p[0] = p[1] = '?';
        }
}

/* A cell of a table, cut to what a terminal bears; owned, NULL: out of memory. */
static char *table_cell(const cJSON *value)
{
        _cleanup_(freep) char *text = cell_of(value);
        if (!text || utf8_length(text) <= CELL_MAX)
                return TAKE_PTR(text);
        _cleanup_(freep) char *cut = utf8_clip(text, CELL_MAX - 1);
        return cut ? str_printf("%s…", cut) : NULL;
}

/* Prints a text that is freed, with blanks behind it up to so many columns; 0: none. */
static void print_cell(FILE *to, char *owned, size_t width)
{
        _cleanup_(freep) char *text = owned;
        if (!text)
                return;
        make_harmless(text);
        size_t n = utf8_length(text);
        fprintf(to, "%s%*s", text, width > n ? (int)(width - n) : 0, "");
}

static size_t width_of(const cJSON *value)
{
        _cleanup_(freep) char *text = table_cell(value);
        return text ? utf8_length(text) : 0;
}

static bool is_table(const cJSON *json)
{
        const cJSON *item;
        if (!cJSON_IsArray(json) || !json->child)
                return false;
        cJSON_ArrayForEach (item, json)
                if (!cJSON_IsObject(item))
                        return false;
        return true;
}

typedef struct Column {
        const char *name;
        size_t width;
} Column;

/* The members of all rows, in the order in which they come first. */
static size_t find_columns(const cJSON *rows, Column columns[static COLUMNS_MAX])
{
        size_t count = 0;
        const cJSON *row, *item;
        cJSON_ArrayForEach (row, rows)
                cJSON_ArrayForEach (item, row) {
                        size_t i = 0;
                        while (i < count && !streq(columns[i].name, item->string))
                                i++;
                        if (i == COLUMNS_MAX)
                                continue;
                        if (i == count)
                                columns[count++] =
                                        (Column){item->string, utf8_length(item->string)};
                        columns[i].width = MAX(columns[i].width, width_of(item));
                }
        return count;
}

static void print_table(FILE *to, const cJSON *rows)
{
        Column columns[COLUMNS_MAX];
        size_t count = find_columns(rows, columns);
        const cJSON *row;
        for (size_t i = 0; i < count; i++)
                fprintf(to, "%-*s%s", i + 1 < count ? (int)columns[i].width : 0, columns[i].name,
                        i + 1 < count ? "  " : "\n");
        cJSON_ArrayForEach (row, rows)
                for (size_t i = 0; i < count; i++) {
                        print_cell(
                                to,
                                table_cell(cJSON_GetObjectItemCaseSensitive(row, columns[i].name)),
                                i + 1 < count ? columns[i].width : 0);
                        fputs(i + 1 < count ? "  " : "\n", to);
                }
}

/* A member with its value, which may have lines (PEM). */
static void print_lines(FILE *to, const cJSON *member, size_t width)
{
        const char *name = member->string;
        _cleanup_(freep) char *text = cell_of(member);
        char *rest = text, *line;
        while ((line = strsep(&rest, "\n"))) {
                if (rest || *line || line == text) {
                        make_harmless(line);
                        fprintf(to, "%-*s  %s\n", (int)width, name, line);
                }
                name = "";
        }
}

static void print_object(FILE *to, const cJSON *object)
{
        size_t width = 0;
        const cJSON *item;
        cJSON_ArrayForEach (item, object)
                if (!is_table(item))
                        width = MAX(width, utf8_length(item->string));
        cJSON_ArrayForEach (item, object) {
                if (is_table(item))
                        continue;
                print_lines(to, item, width);
        }
        cJSON_ArrayForEach (item, object)
                if (is_table(item)) {
                        fprintf(to, "%s\n", item->string);
                        print_table(to, item);
                }
}

void print_json(FILE *to, const cJSON *json)
{
        const cJSON *item;
        if (is_table(json)) {
                print_table(to, json);
        } else if (cJSON_IsObject(json)) {
                print_object(to, json);
        } else if (cJSON_IsArray(json)) {
                cJSON_ArrayForEach (item, json) {
                        print_cell(to, cell_of(item), 0);
                        fputc('\n', to);
                }
        } else {
                print_cell(to, cell_of(json), 0);
                fputc('\n', to);
        }
}

void print_operations(FILE *to, const cJSON *document)
{
        Operation o;
        char word[WORD_MAX];
        int width = 0;
        for (size_t n = 0; spec_operation(document, n, &o); n++)
                width = MAX(width, (int)strlen(spec_word(o.id, word)));
        for (size_t n = 0; spec_operation(document, n, &o); n++)
                fprintf(to, "  %-*s  %s\n", width, spec_word(o.id, word), o.summary);
}

/* What a value may be: "text", "late|never|twice", "number from 0 to 9". */
static void print_type(FILE *to, const cJSON *schema)
{
        static const struct {
                const char *type, *word;
        } types[] = {
                {"string", "text"},        {"integer", "whole number"}, {"number", "number"},
                {"boolean", "true|false"}, {"array", "list"},           {"object", "JSON"},
        };
        const cJSON *item, *words = cJSON_GetObjectItemCaseSensitive(schema, "enum");
        const cJSON *min = cJSON_GetObjectItemCaseSensitive(schema, "minimum");
        const cJSON *max = cJSON_GetObjectItemCaseSensitive(schema, "maximum");
        const char *glue = "";
        cJSON_ArrayForEach (item, words) {
                fprintf(to, "%s%s", glue, strempty(cJSON_GetStringValue(item)));
                glue = "|";
        }
        for (size_t i = 0; i < ELEMENTSOF(types) && !words; i++)
                if (cJSON_GetObjectItemCaseSensitive(schema, "type") &&
                    spec_allows(schema, types[i].type)) {
                        fprintf(to, "%s%s", glue, types[i].word);
                        glue = "|";
                }
        if (min)
                fprintf(to, " from %.15g", min->valuedouble);
        if (max)
                fprintf(to, " to %.15g", max->valuedouble);
}

void print_operation(FILE *to, const cJSON *document _unused_, const Operation *o)
{
        char word[WORD_MAX];
        fprintf(to, "usage: mock-csmsctl %s", spec_word(o->id, word));
        for (size_t i = 0; i < o->count; i++)
                if (o->params[i].required)
                        fprintf(to, o->params[i].place == IN_PATH ? " [--%s] VALUE" : " --%s VALUE",
                                spec_word(o->params[i].name, word));
        fprintf(to, "%s\n%s%s%s\nIt wants a token for: %s.\n",
                o->bytes_type && !o->takes_json ? " --body FILE" : " [OPTION …]", o->summary,
                o->description ? ".\n" : ".", strempty(o->description), o->role);
        for (size_t i = 0; i < o->count; i++) {
                const Param *p = &o->params[i];
                fprintf(to, "  --%s: ", spec_word(p->name, word));
                print_type(to, p->schema);
                fprintf(to, "%s%s%s\n", p->required ? ", required" : "", p->description ? "; " : "",
                        strempty(p->description));
        }
        if (o->takes_json || o->bytes_type)
                fprintf(to, "  --body: FILE or - (the standard input), the whole body%s%s\n",
                        o->bytes_type ? ", " : " as JSON", strempty(o->bytes_type));
        fputs("  --output: FILE, where the answer goes; - is the standard output\n"
              "  --json: print the answer as it comes\n",
              to);
}
