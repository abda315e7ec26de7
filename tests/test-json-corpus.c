/* Documents that parsers get wrong, through everything that reads a peer's bytes: the strict parser
 * must judge each by its name (y_ is JSON, n_ is not, i_ may be either), and neither framing nor
 * codec may fall over any of them. Some are our own; $JSON_CORPUS, if set, names a folder whose
 * test_parsing/ has more (JSONTestSuite), and then they must be there. */
#include <stdint.h>

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/rpc.h"
#include "tables.h"

#define DOCUMENT_SIZE_MAX (4 << 20)
#define DOCUMENTS_MAX 1000
/* Fewer files than this are not the corpus but a wrong path. */
#define CORPUS_MIN 300

typedef struct Document {
        char *name;
        char *text;
        size_t size;
} Document;

typedef struct Documents {
        Document list[DOCUMENTS_MAX];
        size_t count;
} Documents;

#define FOUR(x) x x x x
#define SIXTEEN(x) FOUR(FOUR(x))

/* clang-format off */
static const struct {
        const char *name, *text;
        size_t size; /* 0: up to the NUL */
} own[] = {
        { "y_object",               "{\"a\":[1,-2.5e+3,true,false,null,\"\\u00e9\\n\"]}" },
        { "y_lonely_number",        " 0 " },
        { "y_number_minus_zero",    "[-0,-0.0,0e0,1E-2]" },
        { "y_number_of_64_digits",  "[" SIXTEEN("1234") "]" },
        { "y_number_long_fraction", "[-0." SIXTEEN("0000") "1,0." SIXTEEN("1234") "e2]" },
        { "y_string_escapes",       "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u005C\"" },
        { "y_string_escaped_nul",   "[\"a\\u0000b\"]" },
        { "y_string_pair",          "[\"\\uD834\\uDd1e\"]" },
        { "y_string_delete",        "[\"\x7f\"]" },
        { "y_string_utf8",          "[\"\xc2\x80\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"]" },
        { "y_names_twice",          "{\"a\":1,\"a\":2,\"\":3}" },
        { "y_depth_64",             SIXTEEN("[[[[") SIXTEEN("]]]]") },
        { "n_depth_65",             SIXTEEN("[[[[") "{}" SIXTEEN("]]]]") },
        { "n_empty",                "" },
        { "n_space",                " \t\r\n" },
        { "n_form_feed",            "[\f]" },
        { "n_two_values",           "[] []" },
        { "n_garbage_behind",       "{}x" },
        { "n_comma_behind",         "[1]," },
        { "n_comma_last",           "[1,]" },
        { "n_comma_first",          "[,1]" },
        { "n_comma_last_member",    "{\"a\":1,}" },
        { "n_wrong_bracket",        "[1}" },
        { "n_unclosed",             "[{\"a\":[" },
        { "n_no_colon",             "{\"a\" 1}" },
        { "n_no_value",             "{\"a\":}" },
        { "n_name_not_quoted",      "{a:1}" },
        { "n_name_number",          "{1:1}" },
        { "n_single_quotes",        "['a']" },
        { "n_word",                 "[True]" },
        { "n_word_cut",             "[nul]" },
        { "n_number_zero_first",    "[012]" },
        { "n_number_minus_zero_first", "[-01]" },
        { "n_number_plus",          "[+1]" },
        { "n_number_point_first",   "[.5]" },
        { "n_number_point_last",    "[1.]" },
        { "n_number_point_e",       "[1.e3]" },
        { "n_number_no_exponent",   "[1e]" },
        { "n_number_sign_only",     "[1e+]" },
        { "n_number_minus_only",    "[-]" },
        { "n_number_hex",           "[0x1]" },
        { "n_number_nan",           "[NaN]" },
        { "n_number_infinity",      "[-Infinity]" },
        { "n_number_trailing",      "[1-2]" },
        { "n_string_newline",       "[\"a\nb\"]" },
        { "n_string_tab",           "[\"\t\"]" },
        { "n_string_nul",           "[\"a\0b\"]", 7 },
        { "n_nul_behind",           "[]\0", 3 },
        { "n_nul_for_a_value",      "[\0]", 3 },
        { "n_nul_escaped",          "[\"\\\0\"]", 6 },
        { "n_string_unclosed",      "[\"a" },
        { "n_string_escape_x",      "[\"\\x00\"]" },
        { "n_string_escape_last",   "[\"\\" },
        { "n_string_short_u",       "[\"\\u12\"]" },
        { "n_string_bad_u",         "[\"\\u12g4\"]" },
        { "n_string_u_sign",        "[\"\\u+123\"]" },
        { "n_string_u_cut",         "[\"\\u12" },
        { "n_comment",              "[1/**/]" },
        { "n_bom_alone",            "\xef\xbb\xbf" },
        { "n_utf8_byte_outside",    "[\xff]" },
        { "i_lone_first_surrogate", "[\"\\ud800\"]" },
        { "i_lone_last_surrogate",  "[\"\\udc00\"]" },
        { "i_two_first_surrogates", "[\"\\ud800\\ud800\"]" },
        { "i_surrogate_and_escape", "[\"\\ud800\\n\"]" },
        { "i_utf8_overlong",        "[\"\xc0\xaf\"]" },
        { "i_utf8_overlong_3",      "[\"\xe0\x80\xaf\"]" },
        { "i_utf8_surrogate",       "[\"\xed\xa0\x80\"]" },
        { "i_utf8_too_big",         "[\"\xf4\x90\x80\x80\"]" },
        { "i_utf8_cut",             "[\"\xe2\x82\"]" },
        { "i_utf8_lone",            "[\"\x81\"]" },
        { "i_number_huge",          "[1e999,-1e999,1e-999]" },
        { "i_call",                 "[2,\"1\",\"Reset\",{\"type\":1e999}]" },
        { "i_result",               "[3,\"\\u0000\",{\"status\":\"Accepted\"}]" },
        { "i_error",                "[4,\"-1\",\"\",null,5]" },
};
/* clang-format on */

static void add(Documents *d, const char *name, const char *text, size_t size)
{
        Document *doc = &d->list[d->count++];

        assert_true(d->count <= DOCUMENTS_MAX);
        /* the text's own block and no NUL behind it: a read beyond the end is seen */
        *doc = (Document){.name = strdup(name), .text = malloc(MAX(size, (size_t)1)), .size = size};
        assert_non_null(doc->name);
        assert_non_null(doc->text);
        memcpy(doc->text, text, size);
}

static void add_folder(Documents *d, const char *root)
{
        _cleanup_(freep) char *folder = str_printf("%s/test_parsing", root);
        DIR *dir = opendir(folder);
        size_t before = d->count;

        if (!dir) {
                fail_msg("JSON_CORPUS: there is no folder %s", folder);
                return;
        }
        for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
                _cleanup_(freep) char *path = str_printf("%s/%s", folder, e->d_name), *text = NULL;
                size_t size;

                if (e->d_name[0] == '.')
                        continue;
                assert_int_equal(file_read(path, DOCUMENT_SIZE_MAX, &text, &size), 0);
                add(d, e->d_name, text, size);
        }
        closedir(dir);
        if (d->count - before < CORPUS_MIN)
                fail_msg("JSON_CORPUS: %s has %zu documents, at least %d are expected", folder,
                         d->count - before, CORPUS_MIN);
}

static int set_up(void **state)
{
        Documents *d = calloc(1, sizeof(*d));
        const char *root = getenv("JSON_CORPUS");

        assert_non_null(d);
        for (size_t i = 0; i < ELEMENTSOF(own); i++)
                add(d, own[i].name, own[i].text, own[i].size ? own[i].size : strlen(own[i].text));
        if (root && *root)
                add_folder(d, root);
        else
                print_message("JSON_CORPUS is not set: %zu documents of our own are judged, "
                              "JSONTestSuite's are not\n",
                              d->count);
        *state = d;
        return 0;
}

static int tear_down(void **state)
{
        Documents *d = *state; /* NULL: they could not be read */

        for (size_t i = 0; d && i < d->count; i++) {
                free(d->list[i].name);
                free(d->list[i].text);
        }
        free(d);
        return 0;
}

static void json_judges_each_document(void **state)
{
        const Documents *d = *state;
        size_t wrong = 0;

        for (size_t i = 0; i < d->count; i++) {
                _cleanup_(cJSON_Deletep) cJSON *json = NULL;
                const Document *doc = &d->list[i];
                int r = json_parse(doc->text, doc->size, &json);
                bool fits = doc->name[0] == 'y'   ? r == 0
                            : doc->name[0] == 'n' ? r == -EBADMSG
                                                  : r == 0 || r == -EBADMSG;

                if (!fits || (r == 0) != (json != NULL)) {
                        print_error("%s: %d\n", doc->name, r);
                        wrong++;
                }
        }
        assert_int_equal(wrong, 0);
}

static int drop_frame(void *userdata, const char *text, size_t size)
{
        _cleanup_(cJSON_Deletep) cJSON *json = NULL;

        (void)userdata;
        assert_int_equal(json_parse(text, size, &json), 0); /* what we say is JSON ourselves */
        return 0;
}

static void answer_call(void *userdata, const char *id, const char *action, const cJSON *payload)
{
        (void)action;
        assert_int_equal(rpc_answer(*(Rpc **)userdata, id, cJSON_Duplicate(payload, true)), 0);
}

static void ignore_result(void *userdata, uint64_t token, const cJSON *payload)
{
        (void)userdata, (void)token, (void)payload;
}

static void ignore_error(void *userdata, uint64_t token, const char *code, const char *description)
{
        (void)userdata, (void)token, (void)code, (void)description;
}

static void ignore_timeout(void *userdata, uint64_t token)
{
        (void)userdata, (void)token;
}

static void ignore_result_error(void *userdata, const char *id, const char *code,
                                const char *description)
{
        (void)userdata, (void)id, (void)code, (void)description;
}

static void rpc_survives_each_document(void **state)
{
        static const RpcHandlers handlers = {drop_frame,   answer_call,    ignore_result,
                                             ignore_error, ignore_timeout, ignore_result_error};
        const Documents *d = *state;

        for (size_t i = 0; i < 2 * d->count; i++) {
                const Document *doc = &d->list[i / 2];
                _cleanup_(rpc_freep) Rpc *rpc = NULL;
                int r;

                assert_int_equal(rpc_new(&handlers, &rpc, USEC_PER_SEC, &rpc), 0);
                rpc_reset(rpc, i % 2 ? &ocpp21.frames : &ocpp16.frames);
                r = rpc_feed(rpc, doc->text, doc->size);
                assert_in_range(r, RPC_FINE, RPC_SENT);
                if (doc->name[0] == 'n')
                        assert_int_equal(r, RPC_UNREADABLE);
        }
}

static void try_table(const Dialect *dialect, const Table *table, void *userdata)
{
        const cJSON *json = userdata;
        AnyMessage m = {0};
        CodecError e = {0};
        int r;

        table_make_absent(table, &m);
        r = codec_decode(table, dialect->rules, json, &m, &e);
        assert_true(r == 0 || (r == -EBADMSG && e.violation != CODEC_FINE && *e.text));
        codec_done(table, &m);
}

/* Any tree may come to any table; its parts, too. */
static void try_tree(cJSON *json)
{
        for_each_table(try_table, json);
        for (cJSON *child = json->child; child; child = child->next)
                try_tree(child);
}

static void codec_survives_each_document(void **state)
{
        const Documents *d = *state;

        for (size_t i = 0; i < d->count; i++) {
                _cleanup_(cJSON_Deletep) cJSON *json = NULL;

                if (json_parse(d->list[i].text, d->list[i].size, &json) == 0)
                        try_tree(json);
        }
}

/* The two things that cJSON alone reads wrongly. */
static void json_mends_what_cjson_breaks(void **state)
{
        static const char text[] = "[\"a\\u0000b\",-0." SIXTEEN("0000") "25,1" SIXTEEN(
                "00000000000000000000") ",-1" SIXTEEN("00000000000000000000") ",{\"k\\u0000\":1}]";
        _cleanup_(cJSON_Deletep) cJSON *json = NULL;

        (void)state;
        assert_int_equal(json_parse(text, strlen(text), &json), 0);
        assert_int_equal(cJSON_GetArraySize(json), 5);
        assert_string_equal(cJSON_GetArrayItem(json, 0)->valuestring, "a\xef\xbf\xbd"
                                                                      "b");
        assert_true(cJSON_GetArrayItem(json, 1)->valuedouble == -2.5e-65);
        assert_true(cJSON_GetArrayItem(json, 2)->valuedouble > 1.7e308);
        assert_true(cJSON_GetArrayItem(json, 3)->valuedouble < -1.7e308);
        assert_string_equal(cJSON_GetArrayItem(json, 4)->child->string, "k\xef\xbf\xbd");
}

static void utf8_counts_and_cuts_code_points(void **state)
{
        static const struct {
                const char *text;
                size_t length;
                bool valid;
                const char *clipped; /* to two */
        } vectors[] = {
                {"", 0, true, ""},
                {"abc", 3, true, "ab"},
                {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x8c", 3, true, "\xc3\xa9\xe2\x82\xac"},
                {"\xff\xfe!", 3, false, "??"},
                {"a\xe2\x82", 3, false, "a?"},
                {"\xc0\x80", 2, false, "??"},
                {"\xed\xa0\x80", 3, false, "??"},
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(vectors); i++) {
                _cleanup_(freep) char *clipped = utf8_clip(vectors[i].text, 2);

                assert_int_equal(utf8_length(vectors[i].text), vectors[i].length);
                assert_int_equal(utf8_valid(vectors[i].text, strlen(vectors[i].text)),
                                 vectors[i].valid);
                assert_string_equal(clipped, vectors[i].clipped);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(json_judges_each_document),
                cmocka_unit_test(rpc_survives_each_document),
                cmocka_unit_test(codec_survives_each_document),
                cmocka_unit_test(json_mends_what_cjson_breaks),
                cmocka_unit_test(utf8_counts_and_cuts_code_points),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
