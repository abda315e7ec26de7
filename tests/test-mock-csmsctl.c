/* mock-csmsctl: words of the command line as requests, and answers for people. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "command.h"
#include "print.h"

static const char document_text[] =
        "{\"paths\":{"
        "\"/api/things\":{\"get\":{\"operationId\":\"listThings\",\"summary\":\"All\",\"x-role\":"
        "\"read\",\"parameters\":[{\"$ref\":\"#/components/parameters/since\"},{\"name\":"
        "\"lastEventId\",\"in\":\"query\",\"schema\":{\"type\":\"string\"}},{\"name\":\"X\",\"in\":"
        "\"header\",\"schema\":{\"type\":\"string\"}}],\"responses\":{\"200\":{\"$ref\":"
        "\"#/components/responses/Parts\"}}}},"
        "\"/api/things/{id}/parts/{part}\":{\"parameters\":[{\"name\":\"id\",\"in\":\"path\","
        "\"required\":true,\"schema\":{\"type\":\"string\",\"minLength\":1}},{\"name\":\"part\","
        "\"in\":\"path\",\"required\":true,\"schema\":{\"type\":\"integer\"}}],"
        "\"post\":{\"operationId\":\"changePart\",\"summary\":\"One\",\"x-role\":\"operator\","
        "\"requestBody\":{\"required\":true,\"content\":{\"application/json\":{\"schema\":{"
        "\"$ref\":\"#/components/schemas/Part\"}}}}},"
        "\"put\":{\"operationId\":\"uploadPart\",\"summary\":\"One\",\"x-role\":\"operator\","
        "\"requestBody\":{\"required\":true,\"content\":{\"application/octet-stream\":{}}}},"
        "\"delete\":{\"operationId\":\"deletePart\",\"summary\":\"One\",\"x-role\":\"operator\"}}},"
        "\"components\":{\"responses\":{\"Parts\":{\"content\":{\"application/json\":{\"schema\":{"
        "\"type\":\"array\",\"items\":{\"allOf\":[{\"$ref\":\"#/components/schemas/Part\"},{"
        "\"properties\":{\"id\":{\"type\":\"integer\"}}}]}}}}}},\"parameters\":{\"since\":{"
        "\"name\":\"since\",\"in\":\"query\",\"schema\":"
        "{\"type\":\"integer\",\"minimum\":0,\"maximum\":9}}},"
        "\"schemas\":{\"Kind\":{\"enum\":[\"late\",\"never\",\"twice\"]},"
        "\"Part\":{\"type\":\"object\",\"required\":[\"newName\"],\"properties\":{"
        "\"newName\":{\"type\":\"string\",\"maxLength\":4},"
        "\"kind\":{\"$ref\":\"#/components/schemas/Kind\"},"
        "\"share\":{\"type\":\"number\",\"minimum\":0,\"maximum\":1},"
        "\"on\":{\"type\":\"boolean\"},"
        "\"tags\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
        "\"zone\":{\"type\":[\"string\",\"null\"]},"
        "\"output\":{\"type\":\"string\"},"
        "\"payload\":{\"type\":\"object\"}}}}}}";

static int load(void **state)
{
        cJSON *document = NULL;
        int r = json_parse(document_text, strlen(document_text), &document);
        *state = document;
        return r;
}

static int unload(void **state)
{
        cJSON_Delete(*state);
        return 0;
}

#define WORDS_MAX 8
#define ID "--id=a", "--part=1"

typedef struct Vector {
        const char *command, *words[WORDS_MAX];
        const char *target, *json, *file, *sentence; /* target NULL: it is refused */
} Vector;

/* clang-format off */
static const Vector vectors[] = {
        { "list-things", { 0 },                                "/api/things", 0, 0, 0 },
        { "list-things", { "--since", "3" },                   "/api/things?since=3", 0, 0, 0 },
        { "list-things", { "--since=0", "--last-event-id=a&b=c d" }, "/api/things?since=0&lastEventId=a%26b%3Dc%20d", 0, 0, 0 },
        { "list-things", { "--lastEventId", "--since" },       "/api/things?lastEventId=--since", 0, 0, 0 },
        { "list-things", { "--since=10" },                     0, 0, 0, "--since: expected a whole number from 0 to 9." },
        { "list-things", { "--since=-1" },                     0, 0, 0, "--since: expected a whole number from 0 to 9." },
        { "list-things", { "--since=1.5" },                    0, 0, 0, "--since: expected a whole number from 0 to 9." },
        { "list-things", { "--since=0x1" },                    0, 0, 0, "--since: expected a whole number from 0 to 9." },
        { "list-things", { "--since= 1" },                     0, 0, 0, "--since: expected a whole number from 0 to 9." },
        { "list-things", { "--since=" },                       0, 0, 0, "--since: expected a whole number from 0 to 9." },
        { "list-things", { "--since=nan" },                    0, 0, 0, "--since: expected a whole number from 0 to 9." },
        { "list-things", { "--since" },                        0, 0, 0, "--since needs a value." },
        { "list-things", { "--since=1", "--since=2" },         0, 0, 0, "--since is given twice." },
        { "list-things", { "--sinc=1" },                       0, 0, 0, "There is no option --sinc here. Those for the server stand before the subcommand." },
        { "list-things", { "--x=1" },                          0, 0, 0, "There is no option --x here. Those for the server stand before the subcommand." },
        { "list-things", { "since" },                          0, 0, 0, "\"since\" is no option: they begin with \"--\"." },
        { "list-things", { "--json=1" },                       0, 0, 0, "--json has no value." },
        { "list-things", { "--body=x" },                       0, 0, 0, "This call has no body." },
        { "list-things", { "--columns=id,newName,new-namf" },  0, 0, 0, "--columns: there is no column \"new-namf\"." },
        { "list-things", { "--columns=id,,on" },               0, 0, 0, "--columns: there is no column \"\"." },
        { "list-things", { "--columns=" },                     0, 0, 0, "--columns: there is no column \"\"." },
        { "list-things", { "--columns=id,i" },                 0, 0, 0, "--columns: there is no column \"i\"." },
        { "list-things", { "--columns=newName,on,new-name" },  0, 0, 0, "--columns: newName is given twice." },
        { "list-things", { "--columns" },                      0, 0, 0, "--columns needs a value." },
        { "delete-part", { ID, "--columns=id" },               0, 0, 0, "--columns is for lists; this call answers with none." },
        { "delete-part", { ID },                               "/api/things/a/parts/1", 0, 0, 0 },
        { "delete-part", { "a", "1" },                         "/api/things/a/parts/1", 0, 0, 0 },
        { "delete-part", { "--part=1", "a" },                  "/api/things/a/parts/1", 0, 0, 0 },
        { "delete-part", { "--id=a", "1" },                    "/api/things/a/parts/1", 0, 0, 0 },
        { "delete-part", { "a", "b" },                         0, 0, 0, "--part: expected a whole number." },
        { "delete-part", { "a", "1", "2" },                    0, 0, 0, "\"2\" is no option: they begin with \"--\"." },
        { "delete-part", { "a", "--id=b", "--part=1" },        0, 0, 0, "--id is given twice." },
        { "delete-part", { "--id", "a/\xc3\xa4?#%", "--part=-2" }, "/api/things/a%2F%C3%A4%3F%23%25/parts/-2", 0, 0, 0 },
        { "delete-part", { "--id=*", "--part=1" },             "/api/things/%2A/parts/1", 0, 0, 0 },
        { "delete-part", { "--part=1" },                       0, 0, 0, "--id is missing." },
        { "delete-part", { "--id=", "--part=1" },              0, 0, 0, "--id: expected something, not nothing." },
        { "delete-part", { "--id=..", "--part=1" },            0, 0, 0, "\"..\" can't be in a path." },
        { "delete-part", { "--id=\xff", "--part=1" },          0, 0, 0, "--id: expected UTF-8." },
        { "change-part", { ID, "--new-name=x" },               "/api/things/a/parts/1", "{\"newName\":\"x\"}", 0, 0 },
        { "change-part", { ID, "--newName", "3" },             "/api/things/a/parts/1", "{\"newName\":\"3\"}", 0, 0 },
        { "change-part", { ID, "--new-name=x", "--share=0.5", "--on=true" }, "/api/things/a/parts/1", "{\"newName\":\"x\",\"share\":0.5,\"on\":true}", 0, 0 },
        { "change-part", { ID, "--new-name=x", "--tags=a, b", "--zone=null" }, "/api/things/a/parts/1", "{\"newName\":\"x\",\"tags\":[\"a\",\"b\"],\"zone\":null}", 0, 0 },
        { "change-part", { ID, "--new-name=x", "--tags=", "--zone=UTC" }, "/api/things/a/parts/1", "{\"newName\":\"x\",\"tags\":[],\"zone\":\"UTC\"}", 0, 0 },
        { "change-part", { ID, "--new-name=x", "--tags=[\"a,b\"]" }, "/api/things/a/parts/1", "{\"newName\":\"x\",\"tags\":[\"a,b\"]}", 0, 0 },
        { "change-part", { ID, "--new-name=x", "--payload={\"a\":[1]}" }, "/api/things/a/parts/1", "{\"newName\":\"x\",\"payload\":{\"a\":[1]}}", 0, 0 },
        { "change-part", { ID, "--new-name=@@x" },             "/api/things/a/parts/1", "{\"newName\":\"@x\"}", 0, 0 },
        { "change-part", { ID, "--new-name=@/dev/null" },      "/api/things/a/parts/1", "{\"newName\":\"\"}", 0, 0 },
        { "change-part", { ID, "--new-name=@/nowhere" },       0, 0, 0, "--new-name: can't read /nowhere: No such file or directory." },
        { "change-part", { ID, "--new-name=x", "--output=y" }, "/api/things/a/parts/1", "{\"newName\":\"x\",\"output\":\"y\"}", 0, 0 },
        { "change-part", { ID, "--new-name=x", "--kind=never" }, "/api/things/a/parts/1", "{\"newName\":\"x\",\"kind\":\"never\"}", 0, 0 },
        { "change-part", { ID, "--body=f" },                   "/api/things/a/parts/1", 0, "f", 0 },
        { "change-part", { ID, "--body", "-" },                "/api/things/a/parts/1", 0, "-", 0 },
        { "change-part", { ID },                               0, 0, 0, "--new-name is missing." },
        { "change-part", { ID, "--on=true" },                  0, 0, 0, "--new-name is missing." },
        { "change-part", { ID, "--body=f", "--new-name=x" },   0, 0, 0, "--body has the whole body: no other members can be given." },
        { "change-part", { ID, "--new-name=12345" },           0, 0, 0, "--new-name: expected at most 4 characters." },
        { "change-part", { ID, "--new-name=x", "--kind=odd" }, 0, 0, 0, "--kind: expected late, never or twice." },
        { "change-part", { ID, "--new-name=x", "--share=2" },  0, 0, 0, "--share: expected a number from 0 to 1." },
        { "change-part", { ID, "--new-name=x", "--on=yes" },   0, 0, 0, "--on: expected true or false." },
        { "change-part", { ID, "--new-name=x", "--payload=x" }, 0, 0, 0, "--payload: expected an object in JSON." },
        { "change-part", { ID, "--new-name=x", "--payload={" }, 0, 0, 0, "--payload: expected an object in JSON." },
        { "change-part", { ID, "--new-name=x", "--tags=[1" },  0, 0, 0, "--tags: expected a list in JSON." },
        { "change-part", { ID, "--new-name=x", "--new-name=y" }, 0, 0, 0, "--newName is given twice." },
        { "upload-part", { ID, "--body=f" },                   "/api/things/a/parts/1", 0, "f", 0 },
        { "upload-part", { ID },                               0, 0, 0, "--body FILE is missing." },
};
/* clang-format on */

static void check(const cJSON *document, const Vector *v)
{
        Operation operation;
        Sentence sentence = {""};
        _cleanup_(command_done) Command command = {0};
        assert_int_equal(spec_find(document, v->command, &operation), 0);
        char *words[WORDS_MAX + 1] = {0};
        for (size_t i = 0; i < WORDS_MAX && v->words[i]; i++)
                words[i] = strdup(v->words[i]);
        int r = command_read(document, &operation, words, &command, &sentence);
        if (r != (v->target ? 0 : -EINVAL))
                fail_msg("%s %s: %d %s", v->command, strempty(v->words[0]), r, sentence.text);
        assert_string_equal(sentence.text, strempty(v->sentence));
        assert_string_equal(strempty(command.target), strempty(v->target));
        assert_string_equal(strempty(command.json), strempty(v->json));
        assert_string_equal(strempty(command.file), strempty(v->file));
        assert_int_equal(command.type != NULL, v->json || v->file);
        for (size_t i = 0; i < WORDS_MAX; i++)
                free(words[i]);
}

static void words_become_requests(void **state)
{
        for (size_t i = 0; i < ELEMENTSOF(vectors); i++)
                check(*state, &vectors[i]);
}

static void types_and_methods_are_those_of_the_operation(void **state)
{
        Operation operation;
        Sentence sentence;
        char *words[] = {(char *)"--id=a",     (char *)"--part=1", (char *)"--body=f",
                         (char *)"--output=o", (char *)"--json",   NULL};
        _cleanup_(command_done) Command command = {0};
        assert_int_equal(spec_find(*state, "upload-part", &operation), 0);
        assert_int_equal(command_read(*state, &operation, words, &command, &sentence), 0);
        assert_string_equal(command.method, "PUT");
        assert_string_equal(command.type, "application/octet-stream");
        assert_string_equal(command.output, "o");
        assert_true(command.as_json);
        assert_int_equal(spec_find(*state, "uploadPart", &operation), -ENOENT);
        assert_int_equal(spec_find(*state, "", &operation), -ENOENT);
}

static void columns_are_members_of_the_list(void **state)
{
        Operation operation;
        Sentence sentence;
        char *words[] = {(char *)"--columns", (char *)"id,new-name,on", NULL};
        _cleanup_(command_done) Command command = {0};
        assert_int_equal(spec_find(*state, "list-things", &operation), 0);
        assert_int_equal(command_read(*state, &operation, words, &command, &sentence), 0);
        assert_string_equal(command.columns[0], "id");
        assert_string_equal(command.columns[1], "newName");
        assert_string_equal(command.columns[2], "on");
        assert_null(command.columns[3]);
}

#define ROWS                                                                                       \
        "[{\"id\":\"CP1\",\"none\":[],\"text\":\"0123456789abcdefghij\",\"n\":1},"                 \
        "{\"id\":\"CP2\",\"none\":null,\"text\":\"short\",\"n\":22}]"

/* Never wider than the terminal, unless the first column alone is, or what was chosen. */
static void tables_are_cut_to_the_terminal(void **state _unused_)
{
        static const struct {
                size_t width;
                const char *columns[4], *text;
        } tables[] = {
                /* clang-format off */
                { 0, { 0 }, "id   none  text                  n\nCP1  []    0123456789abcdefghij  1\nCP2  -     short                 22\n" },
                { 35, { 0 }, "id   none  text                  n\nCP1  []    0123456789abcdefghij  1\nCP2  -     short                 22\n" },
                { 34, { 0 }, "id   text                  n\nCP1  0123456789abcdefghij  1\nCP2  short                 22\nnot shown: none\n" },
                { 29, { 0 }, "id   text                  n\nCP1  0123456789abcdefghij  1\nCP2  short                 22\nnot shown: none\n" },
                { 28, { 0 }, "id   text                 n\nCP1  0123456789abcdefgh…  1\nCP2  short                22\nnot shown: none\n" },
                { 26, { 0 }, "id   text               n\nCP1  0123456789abcdef…  1\nCP2  short              22\nnot shown: none\n" },
                { 25, { 0 }, "id   text\nCP1  0123456789abcdefghij\nCP2  short\nnot shown: none, n\n" },
                { 24, { 0 }, "id   text\nCP1  0123456789abcdefgh…\nCP2  short\nnot shown: none, n\n" },
                { 22, { 0 }, "id   text\nCP1  0123456789abcdef…\nCP2  short\nnot shown: none, n\n" },
                { 21, { 0 }, "id\nCP1\nCP2\nnot shown: none, text, n\n" },
                { 1, { 0 }, "id\nCP1\nCP2\nnot shown: none, text, n\n" },
                { 0, { "n", "id" }, "n   id\n1   CP1\n22  CP2\n" },
                { 80, { "none" }, "none\n[]\n-\n" },
                { 27, { "n", "none", "text" }, "n   none  text\n1   []    0123456789abcdef…\n22  -     short\n" },
                { 9, { "n", "none", "text" }, "n   none  text\n1   []    0123456789abcdef…\n22  -     short\n" },
                { 80, { "absent", "id" }, "absent  id\n-       CP1\n-       CP2\n" },
                /* clang-format on */
        };
        _cleanup_(cJSON_Deletep) cJSON *json = NULL;
        assert_int_equal(json_parse(ROWS, strlen(ROWS), &json), 0);
        for (size_t i = 0; i < ELEMENTSOF(tables); i++) {
                _cleanup_(freep) char *text = NULL;
                size_t size;
                FILE *out = open_memstream(&text, &size);
                print_json(out, json,
                           &(TableOptions){.columns = tables[i].columns, .width = tables[i].width});
                fclose(out);
                assert_string_equal(text, tables[i].text);
        }
}

static void answers_are_readable(void **state _unused_)
{
        static const struct {
                const char *json, *text;
        } answers[] = {
                {"[{\"id\":\"CP1\",\"on\":true},{\"id\":\"C\",\"on\":null,\"n\":1}]",
                 "id   on   n\nCP1  yes  -\nC    -    1\n"},
                {"{\"id\":7,\"name\":\"a b\",\"parts\":[{\"x\":[1]}]}",
                 "id    7\nname  a b\nparts\nx\n[1]\n"},
                {"{\"pem\":\"a\\nb\\n\",\"longer\":1}", "pem     a\n        b\nlonger  1\n"},
                {"[{\"pem\":\"a\\nb\"}]", "pem\na?b\n"},
                {"[]", ""},
                {"[{},{}]", ""},
                {"[1,\"x\"]", "1\nx\n"},
                {"\"x\"", "x\n"},
                {"{}", ""},
                {"[{\"id\":\"\\u001b[2J\\u007f\\u009bx\xc3\xa4\"}]", "id\n?[2J???x\xc3\xa4\n"},
        };
        for (size_t i = 0; i < ELEMENTSOF(answers); i++) {
                _cleanup_(cJSON_Deletep) cJSON *json = NULL;
                _cleanup_(freep) char *text = NULL;
                size_t size;
                FILE *out = open_memstream(&text, &size);
                assert_int_equal(json_parse(answers[i].json, strlen(answers[i].json), &json), 0);
                print_json(out, json, &(TableOptions){0});
                fclose(out);
                assert_string_equal(text, answers[i].text);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(words_become_requests),
                cmocka_unit_test(types_and_methods_are_those_of_the_operation),
                cmocka_unit_test(columns_are_members_of_the_list),
                cmocka_unit_test(tables_are_cut_to_the_terminal),
                cmocka_unit_test(answers_are_readable),
        };
        return cmocka_run_group_tests(tests, load, unload);
}
