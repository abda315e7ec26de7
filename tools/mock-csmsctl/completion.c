/* See completion.h. */
#include "completion.h"

/* The subcommand is the first word that belongs to no option. */
static const char head[] = "# source <(mock-csmsctl completion bash)\n"
                           "_mock_csmsctl() {\n"
                           "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} "
                           "sub= words= before= i\n"
                           "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
                           "\t\tcase ${COMP_WORDS[i]} in\n"
                           "\t\t--url|--token-file|--ca-file) i=$((i + 1)) ;;\n"
                           "\t\t-*) ;;\n"
                           "\t\t*) sub=${COMP_WORDS[i]}; break ;;\n"
                           "\t\tesac\n"
                           "\tdone\n"
                           "\tcase $sub:$prev in\n"
                           "\t:--url|:--token-file|:--ca-file|*:--body|*:--output) ;;\n";
static const char subcommands[] =
        "\t*) case $sub in\n"
        "\t\t'') words='--url --token-file --ca-file --json --help --version help completion";
static const char tail[] =
        "\t\tesac ;;\n"
        "\tesac\n"
        "\tif [[ $prev == --columns && $cur == *,* ]]; then\n"
        "\t\tbefore=${cur%,*},\n"
        "\tfi\n"
        "\tCOMPREPLY=($(compgen -P \"$before\" -W \"$words\" -- \"${cur#\"$before\"}\"))\n"
        "}\n"
        "complete -o default -F _mock_csmsctl mock-csmsctl\n";

/* What stands behind each option of an operation; nothing: any text. */
static void print_values(FILE *to, const Operation *o)
{
        char sub[WORD_MAX], word[WORD_MAX];
        for (size_t i = 0; i < o->count; i++) {
                const cJSON *item, *schema = o->params[i].schema;
                fprintf(to, "\t%s:--%s) words='", spec_word(o->id, sub),
                        spec_word(o->params[i].name, word));
                cJSON_ArrayForEach (item, cJSON_GetObjectItemCaseSensitive(schema, "enum"))
                        fprintf(to, "%s ", strempty(cJSON_GetStringValue(item)));
                bool typed = cJSON_GetObjectItemCaseSensitive(schema, "type");
                fprintf(to, "%s' ;;\n",
                        typed && spec_allows(schema, "boolean") ? "true false" : "");
        }
}

static void print_columns(FILE *to, const Operation *o)
{
        char word[WORD_MAX];
        if (o->columns_count == 0)
                return;
        fprintf(to, "\t%s:--columns) words='", spec_word(o->id, word));
        for (size_t i = 0; i < o->columns_count; i++)
                fprintf(to, "%s ", o->columns[i]);
        fputs("' ;;\n", to);
}

static void print_options(FILE *to, const Operation *o)
{
        char word[WORD_MAX];
        fprintf(to, "\t\t%s) words='--output --json --help", spec_word(o->id, word));
        if (o->columns_count > 0)
                fputs(" --columns", to);
        if (o->takes_json || o->bytes_type)
                fputs(" --body", to);
        for (size_t i = 0; i < o->count; i++)
                fprintf(to, " --%s", spec_word(o->params[i].name, word));
        fputs("' ;;\n", to);
}

static void print_subcommands(FILE *to, const cJSON *document)
{
        Operation o;
        char word[WORD_MAX];
        for (size_t n = 0; spec_operation(document, n, &o); n++)
                fprintf(to, " %s", spec_word(o.id, word));
        fputs("' ;;\n", to);
}

void completion_print(FILE *to, const cJSON *document)
{
        Operation o;
        fputs(head, to);
        for (size_t n = 0; spec_operation(document, n, &o); n++) {
                print_values(to, &o);
                print_columns(to, &o);
        }
        fputs(subcommands, to);
        print_subcommands(to, document);
        fputs("\t\tcompletion) words=bash ;;\n\t\thelp) words='", to);
        print_subcommands(to, document);
        for (size_t n = 0; spec_operation(document, n, &o); n++)
                print_options(to, &o);
        fputs(tail, to);
}
