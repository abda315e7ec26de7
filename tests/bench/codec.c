/* What the codec's work on each golden vector costs in instructions, for tests/bench/rpc: run under
 * callgrind, which dumps its counter after each step. The vectors are those of the version's tests,
 * VECTORS names the file. Prints a line a vector, its number and its action. */
int main_of_the_tests(void);
#define main main_of_the_tests
#include VECTORS
#undef main

#include <valgrind/callgrind.h>

#define COUNTED(number, step, statement)                                                           \
        do {                                                                                       \
                char name[32];                                                                     \
                                                                                                   \
                snprintf(name, sizeof(name), "%zu %s", number, step);                              \
                CALLGRIND_ZERO_STATS;                                                              \
                statement;                                                                         \
                CALLGRIND_DUMP_STATS_AT(name);                                                     \
        } while (0)

/* cJSON alone, then what an agent does that reads the message and writes one like it: the strict
 * scanner with cJSON behind it, table check and decoder, encoder, printer. */
static void count_steps(size_t number, const Golden *g)
{
        const Table *t = table_of(&VERSION, g->action, g->answer);
        size_t size = strlen(g->json);
        _cleanup_(cJSON_Deletep) cJSON *json = NULL, *again = NULL;
        _cleanup_(freep) char *text = NULL;
        CodecError error = {0};
        Message m;
        int r = 0;

        make_blank(t, &m);
        COUNTED(number, "cjson", json = cJSON_ParseWithLength(g->json, size));
        cJSON_Delete(TAKE_PTR(json)); /* the heap is for both what it was */
        COUNTED(number, "parse", r |= json_parse(g->json, size, &json));
        COUNTED(number, "decode", r |= codec_decode(t, VERSION.rules, json, &m, &error));
        if (!g->decode_only) {
                COUNTED(number, "encode", r |= codec_encode(t, &m, &again, &error));
                COUNTED(number, "print", text = cJSON_PrintUnformatted(again));
        }
        codec_done(t, &m);
        if (r != 0 || (!g->decode_only && !text)) {
                fprintf(stderr, "%s %s: %s\n", g->action, g->json, error.text);
                exit(EXIT_FAILURE);
        }
}

int main(void)
{
        /* The first time also costs what comes once: libraries' symbols, the heap. */
        for (int round = 0; round < 2; round++)
                for (size_t i = 0; i < ELEMENTSOF(goldens); i++) {
                        if (round == 1)
                                printf("%zu %s%s\n", i, goldens[i].action,
                                       goldens[i].answer ? " answer" : "");
                        count_steps(i, &goldens[i]);
                }
        return EXIT_SUCCESS;
}
