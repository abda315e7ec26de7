/* See print.h. */
#include "print.h"
#include "table.h"

/* A member with its value, which may have lines (PEM). */
static void print_lines(FILE *to, const cJSON *member, size_t width)
{
        const char *name = member->string;
        _cleanup_(freep) char *text = cell_text(member);
        char *rest = text, *line;
        while ((line = strsep(&rest, "\n"))) {
                if (rest || *line || line == text) {
                        cell_make_harmless(line);
                        fprintf(to, "%-*s  %s\n", (int)width, name, line);
                }
                name = "";
        }
}

static void print_object(FILE *to, const cJSON *object, size_t width_max)
{
        size_t width = 0;
        const cJSON *item;
        cJSON_ArrayForEach (item, object)
                if (!table_fits(item))
                        width = MAX(width, utf8_length(item->string));
        cJSON_ArrayForEach (item, object) {
                if (table_fits(item))
                        continue;
                print_lines(to, item, width);
        }
        cJSON_ArrayForEach (item, object)
                if (table_fits(item)) {
                        fprintf(to, "%s\n", item->string);
                        table_print(to, item, &(TableOptions){.width = width_max});
                }
}

void print_json(FILE *to, const cJSON *json, const TableOptions *options)
{
        const cJSON *item;
        if (table_fits(json)) {
                table_print(to, json, options);
        } else if (cJSON_IsObject(json)) {
                print_object(to, json, options->width);
        } else if (cJSON_IsArray(json)) {
                cJSON_ArrayForEach (item, json) {
                        cell_print(to, cell_text(item), 0);
                        fputc('\n', to);
                }
        } else {
                cell_print(to, cell_text(json), 0);
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
        if (o->columns_count > 0) {
                fputs("  --columns: which columns of the table, parted by commas:", to);
                for (size_t i = 0; i < o->columns_count; i++)
                        fprintf(to, "%s %s", i > 0 ? "," : "", o->columns[i]);
                fputc('\n', to);
        }
        fputs("  --output: FILE, where the answer goes; - is the standard output\n"
              "  --json: print the answer as it comes\n",
              to);
}
