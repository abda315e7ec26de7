/* A payload of a peer's for every table of every dialect: what can be read can be said again, and
 * read again as the same. */
#include "../tables.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool fine)
{
        if (!fine)
                abort();
}

/* Decodes json; NULL if it doesn't fit, else what codec_encode() makes of it as text. */
static char *read_and_say(const Dialect *dialect, const Table *table, const cJSON *json)
{
        _cleanup_(cJSON_Deletep) cJSON *again = NULL;
        AnyMessage m = {0};
        CodecError e = {0};
        int r;

        table_make_absent(table, &m);
        r = codec_decode(table, dialect->rules, json, &m, &e);
        require(r == 0 || (r == -EBADMSG && e.violation != CODEC_FINE));
        for (const char *p = e.text; *p; p++)
                require(*p >= ' ' && *p <= '~');
        if (r == 0) {
                r = codec_encode(table, &m, &again, &e);
                /* a required member that we ignore, or a word that we don't tell from others */
                require(r == 0 || r == -ENODATA);
        }
        codec_done(table, &m);
        return again ? cJSON_PrintUnformatted(again) : NULL;
}

static void try_table(const Dialect *dialect, const Table *table, void *userdata)
{
        _cleanup_(freep) char *once = read_and_say(dialect, table, userdata), *twice = NULL;
        _cleanup_(cJSON_Deletep) cJSON *json = NULL;

        if (!once)
                return;
        require(json_parse(once, strlen(once), &json) == 0);
        twice = read_and_say(dialect, table, json);
        require(twice && streq(once, twice));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(cJSON_Deletep) cJSON *json = NULL;
        int r = json_parse((const char *)data, size, &json);

        require(r == 0 || r == -EBADMSG);
        if (r == 0)
                for_each_table(try_table, json);
        return 0;
}
