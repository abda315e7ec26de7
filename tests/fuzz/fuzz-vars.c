/* A value of a peer's for each variable: what is taken can be read, is no longer than a message may
 * tell, and is taken again as it is. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The store is none of this. */
#define store_get fuzz_store_get
#define store_set fuzz_store_set
#include "core/vars.c"

/* CiString500Type */
#define TOLD_MAX 500

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool fine)
{
        if (!fine)
                abort();
}

int fuzz_store_get(Store *s _unused_, const char *key _unused_, char **ret)
{
        *ret = NULL;
        return 0;
}

int fuzz_store_set(Store *s _unused_, const char *key _unused_, const char *value)
{
        require(value);
        return 0;
}

static int nobody_knows(void *userdata _unused_, VarId id _unused_, VarPlace place _unused_,
                        char **ret _unused_)
{
        return -ENODATA;
}

static bool allow(void *userdata _unused_, VarId id _unused_, const char *value _unused_)
{
        return true;
}

static void changed(void *userdata, VarId id)
{
        *(VarId *)userdata = id;
}

static void try_value(Vars *v, VarId id, const char *value, VarId *told)
{
        _cleanup_(freep) char *kept = NULL, *again = NULL;
        int r = vars_set(v, id, value);

        require(r >= 0 && (r == VAR_NOT_TO_SET) == (var_rules[id].access == VAR_READ_ONLY));
        if (r != VAR_SET && r != VAR_SET_LATER)
                return;
        require(vars_read(v, id, VAR_OF_STATION, &kept) == 0);
        require(var_rules[id].type == VAR_INTEGER || utf8_length(kept) <= TOLD_MAX);
        *told = VAR_MAX;
        require(vars_set(v, id, kept) == r && *told == VAR_MAX);
        require(vars_read(v, id, VAR_OF_STATION, &again) == 0 && streq(kept, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const VarOwner owner = {.read = nobody_knows, .allows = allow, .changed = changed};
        _cleanup_(freep) char *value = strndup((const char *)data, size);
        _cleanup_(vars_freep) Vars *v = NULL;
        VarId told = VAR_MAX;

        require(value && vars_new(NULL, &owner, &told, &v) == 0);
        for (VarId id = 0; id < VAR_MAX; id++)
                try_value(v, id, value, &told);
        return 0;
}
