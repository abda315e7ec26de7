/* 1.6's GetConfiguration and ChangeConfiguration: the dialect tells which variable a key is. */
#include "agent-private.h"

/* ---- GetConfiguration (C16 5.8) ---- */

/* Adds what may be read of a key. 0; -ENODATA: it has no value, or none to be shown; -ENOMEM. */
static int tell_key(const Agent *a, const ConfigurationKey *key, List *known)
{
        VarAccess access = var_rules[key->id].access;
        ConfigurationValue *v = (ConfigurationValue *)known->items + known->count;
        int r = access == VAR_WRITE_ONLY ? -ENODATA
                                         : vars_read(a->vars, key->id, VAR_OF_STATION, &v->value);

        if (r < 0)
                return r;
        v->key = key->key;
        v->read_only = access == VAR_READ_ONLY;
        known->count++;
        return 0;
}

static int tell_all(const Agent *a, List *known)
{
        for (size_t i = 0; i < a->dialect->key_count; i++) {
                int r = tell_key(a, &a->dialect->keys[i], known);

                if (r < 0 && r != -ENODATA)
                        return r;
        }
        return 0;
}

/* In the order of the request. A key without a value is one that the station does not have. */
static int tell_asked(const Agent *a, const List *asked, ConfigurationAnswer *answer)
{
        char *const *keys = asked->items;

        for (size_t i = 0; i < asked->count; i++) {
                const ConfigurationKey *key = dialect_find_key(a->dialect, keys[i]);
                int r = key ? tell_key(a, key, &answer->known) : -ENODATA;

                if (r == -ENODATA)
                        ((char **)answer->unknown.items)[answer->unknown.count++] = keys[i];
                else if (r < 0)
                        return r;
        }
        return 0;
}

void configuration_handle_get(Agent *a, const char *id, const Incoming *incoming,
                              const cJSON *payload)
{
        ConfigurationRequest q = {0};
        ConfigurationValue known[CONFIGURATION_KEYS_MAX];
        char *unknown[CONFIGURATION_KEYS_MAX];
        ConfigurationAnswer answer = {.known = {known, 0}, .unknown = {unknown, 0}};
        int r;

        if (calls_decode(a, id, incoming, payload, &q) < 0)
                return;
        r = q.keys.count > 0 ? tell_asked(a, &q.keys, &answer) : tell_all(a, &answer.known);
        if (r < 0)
                rpc_refuse(a->rpc, id, RPC_INTERNAL_ERROR, "out of memory");
        else
                calls_answer(a, id, incoming, &answer);
        for (size_t i = 0; i < answer.known.count; i++)
                free(known[i].value);
        codec_done(incoming->request, &q);
}

/* ---- ChangeConfiguration (C16 5.3) ---- */

/* clang-format off */
static const ConfigurationVerdict verdicts[] = {
        [VAR_SET]        = CONFIGURATION_ACCEPTED,
        [VAR_SET_LATER]  = CONFIGURATION_REBOOT_REQUIRED,
        [VAR_BAD_VALUE]  = CONFIGURATION_REJECTED,
        [VAR_NOT_TO_SET] = CONFIGURATION_REJECTED,
};
/* clang-format on */

/* ConfigurationVerdict; negative errno: it could not be stored. */
static int change(Agent *a, const ConfigurationChange *q)
{
        const ConfigurationKey *key = dialect_find_key(a->dialect, q->key);
        int r = key ? vars_set(a->vars, key->id, q->value) : 0;

        if (!key)
                return CONFIGURATION_NOT_SUPPORTED;
        if (r < 0)
                return log_error_errno(r, "%s can't be stored", key->key);
        if (r == VAR_BAD_VALUE || r == VAR_NOT_TO_SET)
                log_warning("The CSMS may not set %s%s", key->key,
                            r == VAR_BAD_VALUE ? " to that value" : "");
        return (int)verdicts[r];
}

void configuration_handle_change(Agent *a, const char *id, const Incoming *incoming,
                                 const cJSON *payload)
{
        ConfigurationChange q = {0};
        ConfigurationChanged answer;

        if (calls_decode(a, id, incoming, payload, &q) < 0)
                return;
        answer.verdict = change(a, &q);
        if (answer.verdict < 0)
                rpc_refuse(a->rpc, id, RPC_INTERNAL_ERROR, "the value can't be stored");
        else
                calls_answer(a, id, incoming, &answer);
        codec_done(incoming->request, &q);
}
