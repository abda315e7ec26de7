/* See table.h. */
#include "table.h"

/* Characters of a cell; what is longer is told by --json, or of one thing alone. How far a cell is
 * cut where the terminal is narrow: a time has its minute. */
#define CELL_MAX 48
#define CELL_MIN 17
#define GAP "  "

char *cell_text(const cJSON *value)
{
        if (!value || cJSON_IsNull(value))
                return strdup("-");
        if (cJSON_IsBool(value))
                return strdup(cJSON_IsTrue(value) ? "yes" : "no");
        if (!cJSON_IsString(value))
                return cJSON_PrintUnformatted(value);
        return strdup(value->valuestring);
}

void cell_make_harmless(char *text)
{
        for (unsigned char *p = (unsigned char *)text; *p; p++) {
                if (*p < 0x20 || *p == 0x7f)
                        *p = '?';
                if (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
                        p[0] = p[1] = '?';
        }
}

void cell_print(FILE *to, char *owned, size_t width)
{
        _cleanup_(freep) char *text = owned;
        if (!text)
                return;
        cell_make_harmless(text);
        size_t n = utf8_length(text);
        fprintf(to, "%s%*s", text, width > n ? (int)(width - n) : 0, "");
}

/* A text that is freed, cut to so many characters; owned, NULL: out of memory. */
static char *cut(char *owned, size_t max)
{
        _cleanup_(freep) char *text = owned;
        if (!text || utf8_length(text) <= max)
                return TAKE_PTR(text);
        _cleanup_(freep) char *beginning = utf8_clip(text, max - 1);
        return beginning ? str_printf("%s…", beginning) : NULL;
}

bool table_fits(const cJSON *json)
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
        size_t width; /* of its widest cell */
        bool empty;   /* no row has a value */
        bool left_out;
} Column;

typedef struct Columns {
        Column items[COLUMNS_MAX];
        size_t count;
} Columns;

static Column *add_column(Columns *columns, const char *name)
{
        for (size_t i = 0; i < columns->count; i++)
                if (streq(columns->items[i].name, name))
                        return &columns->items[i];
        if (columns->count == COLUMNS_MAX)
                return NULL;
        Column *column = &columns->items[columns->count++];
        *column = (Column){
                .name = name, .width = MIN(utf8_length(name), (size_t)CELL_MAX), .empty = true};
        return column;
}

static void measure(Column *column, const cJSON *value)
{
        _cleanup_(freep) char *text = cell_text(value);
        size_t width = text ? utf8_length(text) : 0;
        column->width = MAX(column->width, MIN(width, (size_t)CELL_MAX));
        bool nothing = !value || cJSON_IsNull(value) || (cJSON_IsArray(value) && !value->child);
        column->empty = column->empty && nothing;
}

/* Those that were chosen, or else the members of all rows, in the order in which they come first.
 */
static void find_columns(const cJSON *rows, const char *const *chosen, Columns *ret)
{
        const cJSON *row, *item;
        *ret = (Columns){0};
        for (size_t i = 0; chosen && chosen[i]; i++)
                (void)add_column(ret, chosen[i]);
        bool all = ret->count == 0;
        cJSON_ArrayForEach (row, rows) {
                if (all)
                        cJSON_ArrayForEach (item, row)
                                (void)add_column(ret, item->string);
                for (size_t i = 0; i < ret->count; i++)
                        measure(&ret->items[i],
                                cJSON_GetObjectItemCaseSensitive(row, ret->items[i].name));
        }
}

/* How wide it is if no cell but those of the first column is wider than max. */
static size_t width_of(const Columns *columns, size_t max)
{
        size_t width = 0, gap = 0;
        for (size_t i = 0; i < columns->count; i++) {
                const Column *column = &columns->items[i];
                if (column->left_out)
                        continue;
                width += gap + (i == 0 ? column->width : MIN(column->width, max));
                gap = strlen(GAP);
        }
        return width;
}

/* Leaves columns out, from the right on, as long as it is too wide with cells of max characters.
 * The first one stays. */
static void leave_out(Columns *columns, size_t width, size_t max, bool only_empty)
{
        for (size_t i = columns->count; i-- > 1 && width_of(columns, max) > width;)
                columns->items[i].left_out |= !only_empty || columns->items[i].empty;
}

static void fit(Columns *columns, size_t width, bool chosen)
{
        size_t max = CELL_MAX;
        if (!chosen) {
                leave_out(columns, width, CELL_MAX, true);
                leave_out(columns, width, CELL_MIN, false);
        }
        while (max > CELL_MIN && width_of(columns, max) > width)
                max--;
        for (size_t i = 1; i < columns->count; i++)
                columns->items[i].width = MIN(columns->items[i].width, max);
}

static void print_row(FILE *to, const Columns *columns, const cJSON *row)
{
        size_t last = 0;
        for (size_t i = 0; i < columns->count; i++)
                last = columns->items[i].left_out ? last : i;
        for (size_t i = 0; i <= last; i++) {
                const Column *c = &columns->items[i];
                if (c->left_out)
                        continue;
                char *text = row ? cell_text(cJSON_GetObjectItemCaseSensitive(row, c->name))
                                 : strdup(c->name);
                cell_print(to, cut(text, c->width), i < last ? c->width : 0);
                fputs(i < last ? GAP : "\n", to);
        }
}

void table_print(FILE *to, const cJSON *rows, const TableOptions *options)
{
        Columns columns;
        const cJSON *row;
        find_columns(rows, options->columns, &columns);
        if (columns.count == 0)
                return;
        if (options->width > 0)
                fit(&columns, options->width, options->columns && *options->columns);
        print_row(to, &columns, NULL);
        cJSON_ArrayForEach (row, rows)
                print_row(to, &columns, row);
        const char *glue = "not shown: ";
        for (size_t i = 0; i < columns.count; i++)
                if (columns.items[i].left_out) {
                        fprintf(to, "%s%s", glue, columns.items[i].name);
                        glue = ", ";
                }
        if (streq(glue, ", "))
                fputc('\n', to);
}
