/* See strict.h. */
#include "strict.h"

static Strictness check(const Dialect *dialect, const Table *table, const cJSON *payload,
                        CodecError *reterr)
{
        if (!table)
                return STRICT_UNCHECKED;
        return codec_decode(table, dialect->rules, payload, NULL, reterr) == 0 ? STRICT_FINE
                                                                               : STRICT_VIOLATION;
}

Strictness strict_check_call(const Dialect *dialect, const char *action, const cJSON *payload,
                             CodecError *reterr)
{
        for (size_t i = 0; i < OUTGOING_MAX; i++)
                if (str_equal(dialect->outgoing[i].action, action))
                        return check(dialect, dialect->outgoing[i].request, payload, reterr);
        return STRICT_UNCHECKED;
}

Strictness strict_check_result(const Dialect *dialect, const char *action, const cJSON *payload,
                               CodecError *reterr)
{
        const Incoming *incoming = dialect_find_incoming(dialect, action);
        return check(dialect, incoming ? incoming->answer : NULL, payload, reterr);
}
