/* mock-csmsctl: the REST calls of mock-csms from a shell. Its subcommands are the operations of
 * openapi.json. */
#include "completion.h"
#include "pages.h"
#include "print.h"
#include <curl/curl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define TOKEN_FILE_MAX 4096

/* Exit codes. */
enum { EXIT_REFUSED = 1, EXIT_USAGE = 2, EXIT_UNREACHED = 3 };

/* clang-format off */
enum { OPT_URL, OPT_TOKEN_FILE, OPT_CA_FILE, OPT_JSON, OPT_HELP, OPT_VERSION, OPT_MAX };

static const struct {
        const char *name;
        const char *value; /* what usage calls its value; NULL: it has none */
        const char *help;
} options[OPT_MAX] = {
        [OPT_URL]        = { "--url",        "URL",  "the server (MOCK_CSMS_URL, http://127.0.0.1:8180)" },
        [OPT_TOKEN_FILE] = { "--token-file", "FILE", "has the token (MOCK_CSMS_TOKEN is the token itself)" },
        [OPT_CA_FILE]    = { "--ca-file",    "FILE", "the roots of the server's certificate (PEM; the system's)" },
        [OPT_JSON]       = { "--json",       NULL,   "print answers as they come" },
        [OPT_HELP]       = { "--help",       NULL,   "print this" },
        [OPT_VERSION]    = { "--version",    NULL,   "print the version" },
};
/* clang-format on */

typedef struct Arguments {
        const char *values[OPT_MAX];
        char *const *rest; /* from the subcommand on */
} Arguments;

static int say(int code, const char *sentence)
{
        fprintf(stderr, "mock-csmsctl: %s\n", sentence);
        return code;
}

static int usage(FILE *to, const cJSON *document, int code)
{
        fputs("usage: mock-csmsctl [OPTION …] SUBCOMMAND [--NAME VALUE …]\n"
              "       mock-csmsctl help [SUBCOMMAND]\n"
              "       mock-csmsctl completion bash\n",
              to);
        for (size_t i = 0; i < OPT_MAX; i++) {
                int n = fprintf(to, "  %s %s", options[i].name, strempty(options[i].value));
                fprintf(to, "%*s%s\n", MAX(1, 22 - n), "", options[i].help);
        }
        fputs("subcommands:\n", to);
        print_operations(to, document);
        fputs("a VALUE may be @FILE: what is in the file; lists come whole, unless --limit or "
              "--after "
              "asks for a page\n"
              "exit code: 0 done, 1 the server refused, 2 wrong usage, 3 the server was not "
              "reached\n",
              to);
        return code;
}

static int find_option(const char *word, size_t size)
{
        for (int i = 0; i < OPT_MAX; i++)
                if (strlen(options[i].name) == size && strncmp(options[i].name, word, size) == 0)
                        return i;
        return -EINVAL;
}

/* The options before the subcommand. 0, -EINVAL. */
static int read_arguments(char *const *words, Arguments *a)
{
        for (words++; *words && **words == '-'; words++) {
                size_t size = strcspn(*words, "=");
                int o = find_option(*words, size);
                const char *value = (*words)[size] ? *words + size + 1 : NULL;
                if (o < 0 || (value && !options[o].value))
                        return -EINVAL;
                if (options[o].value && !value && !(value = *++words))
                        return -EINVAL;
                a->values[o] = options[o].value ? value : "";
        }
        a->rest = words;
        return 0;
}

/* The token, owned by the caller; NULL: there is none. 0; negative errno. */
static int read_token(const Arguments *a, char **ret)
{
        const char *file = a->values[OPT_TOKEN_FILE], *word = getenv("MOCK_CSMS_TOKEN");
        _cleanup_(freep) char *text = NULL;
        int r = 0;
        *ret = NULL;
        if (!file && (!word || !*word))
                return 0;
        if (!file)
                text = strdup(word);
        else
                r = file_read(file, TOKEN_FILE_MAX, &text, NULL);
        if (r < 0 || !text)
                return r < 0 ? r : -ENOMEM;
        const char *token = str_strip(text);
        bool good = *token;
        for (const char *p = token; *p; p++)
                good = good && *p > 0x20 && *p < 0x7f;
        *ret = good ? strdup(token) : NULL;
        explicit_bzero(text, strlen(text));
        return !good ? -EBADMSG : *ret ? 0 : -ENOMEM;
}

/* What the server says when it refuses. */
static int print_refusal(const Answer *answer)
{
        _cleanup_(cJSON_Deletep) cJSON *problem = NULL;
        char sentence[SENTENCE_MAX];
        const char *title = NULL, *detail = NULL;
        if (answer->body && json_parse(answer->body, answer->size, &problem) == 0) {
                title = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(problem, "title"));
                detail = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(problem, "detail"));
        }
        if (title)
                (void)snprintf(sentence, sizeof(sentence), "%s%s%s", title, detail ? " " : "",
                               strempty(detail));
        else
                (void)snprintf(sentence, sizeof(sentence), "The server answered %ld.",
                               answer->status);
        return say(EXIT_REFUSED, sentence);
}

/* Of the terminal that the answer goes to, characters; 0: it goes elsewhere. */
static size_t terminal_width(void)
{
        struct winsize size;
        return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col
                                                                                     : 0;
}

static int print_answer(const Answer *answer, bool as_json, const char *const *columns)
{
        _cleanup_(cJSON_Deletep) cJSON *json = NULL;
        if (answer->status >= 300)
                return print_refusal(answer);
        if (!answer->body)
                return 0;
        if (as_json)
                printf("%s\n", answer->body);
        else if (json_parse(answer->body, answer->size, &json) < 0)
                return say(EXIT_UNREACHED, "The server's answer is no JSON.");
        else
                print_json(stdout, json,
                           &(TableOptions){.columns = columns, .width = terminal_width()});
        return fflush(stdout) == 0 ? 0 : say(EXIT_USAGE, "Can't write the answer.");
}

static int run(const Arguments *a, const Command *command)
{
        Sentence sentence = {""};
        _cleanup_(answer_done) Answer answer = {0};
        _cleanup_(freep) char *token = NULL;
        const char *url = a->values[OPT_URL] ? a->values[OPT_URL] : getenv("MOCK_CSMS_URL");
        int r = read_token(a, &token);
        if (r < 0)
                return say(EXIT_USAGE, "The token can't be read: it is a line of letters, digits "
                                       "and -._~+/=.");
        const Server server = {.url = url && *url ? url : "http://127.0.0.1:8180",
                               .token = token,
                               .ca_file = a->values[OPT_CA_FILE]};
        r = pages_run(&server, command, &answer, &sentence);
        if (token)
                explicit_bzero(token, strlen(token));
        if (r < 0)
                return say(r == -EINVAL ? EXIT_USAGE : EXIT_UNREACHED, sentence.text);
        return print_answer(&answer, command->as_json || a->values[OPT_JSON], command->columns);
}

/* A subcommand with its words. */
static int obey(const cJSON *document, const Arguments *a)
{
        Sentence sentence = {""};
        _cleanup_(command_done) Command command = {0};
        Operation operation;
        bool help = streq(a->rest[0], "help");
        if (help && !a->rest[1])
                return usage(stdout, document, 0);
        if (streq(a->rest[0], "completion")) {
                if (!str_equal(a->rest[1], "bash"))
                        return say(EXIT_USAGE, "It is \"completion bash\"; there is no other.");
                completion_print(stdout, document);
                return 0;
        }
        if (spec_find(document, a->rest[help], &operation) < 0)
                return say(EXIT_USAGE, "There is no such subcommand; see mock-csmsctl help.");
        if (help) {
                print_operation(stdout, document, &operation);
                return 0;
        }
        int r = command_read(document, &operation, a->rest + 1, &command, &sentence);
        if (r < 0)
                return say(EXIT_USAGE, r == -EINVAL ? sentence.text : "Out of memory.");
        if (command.wants_help) {
                print_operation(stdout, document, &operation);
                return 0;
        }
        if (*command.columns && (command.as_json || command.output || a->values[OPT_JSON]))
                return say(EXIT_USAGE, "--columns is for tables: not with --json or --output.");
        return run(a, &command);
}

int main(int argc _unused_, char **argv)
{
        Arguments a = {0};
        _cleanup_(cJSON_Deletep) cJSON *document = NULL;
        if (spec_load(&document) < 0)
                return say(EXIT_USAGE, "Out of memory.");
        if (read_arguments(argv, &a) < 0) {
                say(EXIT_USAGE, "An option is unknown or has no value.");
                return usage(stderr, document, EXIT_USAGE);
        }
        if (a.values[OPT_VERSION]) {
                puts("mock-csmsctl " PROJECT_VERSION);
                return 0;
        }
        if (a.values[OPT_HELP])
                return usage(stdout, document, 0);
        if (!a.rest[0])
                return usage(stderr, document, EXIT_USAGE);
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
                return say(EXIT_UNREACHED, "libcurl can't start.");
        int code = obey(document, &a);
        curl_global_cleanup();
        return code;
}
