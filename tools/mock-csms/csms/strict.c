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
        for (OutgoingKind kind = 0; kind < OUTGOING_MAX; kind++) {
                const Outgoing *outgoing = dialect_outgoing(dialect, kind);
                if (str_equal(outgoing->action, action))
                        return check(dialect, outgoing->request, payload, reterr);
        }
        return STRICT_UNCHECKED;
}

Strictness strict_check_result(const Dialect *dialect, const char *action, const cJSON *payload,
                               CodecError *reterr)
{
        const Incoming *incoming = dialect_find_incoming(dialect, action);
        return check(dialect, incoming ? incoming->answer : NULL, payload, reterr);
}
