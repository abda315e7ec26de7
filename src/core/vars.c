/* The station's variables: what was set is kept in the store and in memory, all else is asked of
 * the owner. */
#include <strings.h>

#include "config-value.h"
#include "json.h"
#include "log.h"
#include "vars.h"

struct Vars {
        Store *store;
        VarOwner owner;
        void *userdata;
        char *values[VAR_MAX]; /* that were set; NULL: its first one holds */
};

/* Owned by the caller; NULL when out of memory. */
static char *store_name(VarId id)
{
        return str_printf("var:%s", var_rules[id].name);
}

/* ---- what a variable may hold ---- */

static bool is_in_list(const char *list, const char *word, size_t size)
{
        while (*list) {
                size_t n = strcspn(list, ",");

                if (n == size && memcmp(list, word, n) == 0)
                        return true;
                list += n + (list[n] == ',');
        }
        return false;
}

/* PhaseEnumType, and 1.6's Phase. */
static const char phases[] = "L1,L2,L3,N,L1-N,L2-N,L3-N,L1-L2,L2-L3,L3-L1";
#define DIGITS_MAX 9

static bool is_number(const char *word, size_t size)
{
        return size > 0 && size <= DIGITS_MAX && strspn(word, "0123456789") >= size &&
               (*word != '0' || size == 1);
}

/* A dot parts a word from the number before it, or from the phase behind it. */
static bool is_in_shape(const VarRule *rule, const char *word, size_t size)
{
        bool first = rule->shape == VAR_WORDS_OF_CONNECTOR;
        const char *dot = first ? memchr(word, '.', size) : memrchr(word, '.', size);
        size_t before = dot ? (size_t)(dot - word) : size, after = dot ? size - before - 1 : 0;

        switch (rule->shape) {
        case VAR_WORDS_OF_CONNECTOR:
                return dot && is_number(word, before) && is_in_list(rule->values, dot + 1, after);
        case VAR_WORDS_OF_PHASE:
                return is_in_list(rule->values, word, size) ||
                       (dot && is_in_list(rule->values, word, before) &&
                        is_in_list(phases, dot + 1, after));
        case VAR_WORDS:
        case VAR_SHAPE_MAX:
                break;
        }
        return !rule->values || is_in_list(rule->values, word, size);
}

/* The same word, or another one of the same connector. */
static bool is_given(const VarRule *rule, const char *list, const char *word, size_t size)
{
        const char *dot = memchr(word, '.', size);

        if (rule->shape != VAR_WORDS_OF_CONNECTOR || !dot)
                return is_in_list(list, word, size);
        for (const char *p = list; *p; p += strcspn(p, ","), p += *p == ',')
                if (strncmp(p, word, (size_t)(dot - word) + 1) == 0)
                        return true;
        return false;
}

/* Without the spaces round the elements. Owned by the caller; NULL: an element is empty, given
 * twice, or none of the values. */
static char *normal_list(const VarRule *rule, const char *text)
{
        char *list = calloc(1, strlen(text) + 1), *end = list;

        while (list && *text) {
                size_t n = strcspn(text, ","), lead = strspn(text, " "), size;

                size = n > lead ? n - lead : 0;
                while (size > 0 && text[lead + size - 1] == ' ')
                        size--;
                if (size == 0 || is_given(rule, list, text + lead, size) ||
                    !is_in_shape(rule, text + lead, size) ||
                    (text[n] == ',' && text[n + 1] == '\0')) {
                        free(list);
                        return NULL;
                }
                if (end > list)
                        *end++ = ',';
                end = mempcpy(end, text + lead, size);
                text += n + (text[n] == ',');
        }
        return list;
}

static char *normal_integer(const VarRule *rule, const char *text)
{
        int64_t n;

        if (value_parse_int(text, &n) < 0 || n < rule->min || n > rule->max)
                return NULL;
        return str_printf("%lld", (long long)n);
}

static char *normal_boolean(const char *text)
{
        if (strcasecmp(text, "true") == 0)
                return strdup("true");
        return strcasecmp(text, "false") == 0 ? strdup("false") : NULL;
}

/* Without the spaces round it: some peers send " 300". Owned by the caller. */
static char *trimmed(const char *text)
{
        size_t lead = strspn(text, " "), size = strlen(text + lead);

        while (size > 0 && text[lead + size - 1] == ' ')
                size--;
        return strndup(text + lead, size);
}

/* The value as it is kept, owned by the caller; NULL: the rule does not allow it. */
static char *normal_value(const VarRule *rule, const char *text)
{
        _cleanup_(freep) char *word = trimmed(text);
        usec_t when;

        if (!word)
                return NULL;
        if (rule->max > 0 && rule->type != VAR_INTEGER && utf8_length(text) > (size_t)rule->max)
                return NULL;
        switch (rule->type) {
        case VAR_INTEGER:
                return normal_integer(rule, word);
        case VAR_BOOLEAN:
                return normal_boolean(word);
        case VAR_OPTION_LIST:
                return is_in_list(rule->values, word, strlen(word)) ? TAKE_PTR(word) : NULL;
        case VAR_SEQUENCE_LIST:
        case VAR_MEMBER_LIST:
                return normal_list(rule, text);
        case VAR_TIME:
                return time_parse(word, &when) == 0 ? TAKE_PTR(word) : NULL;
        case VAR_STRING:
        case VAR_TYPE_MAX:
                break;
        }
        return strdup(text);
}

/* ---- reading ---- */

int vars_read(const Vars *v, VarId id, VarPlace place, char **ret)
{
        const char *value = v->values[id] ?: var_rules[id].initial;
        char *copy;
        int r;

        if (!value || place.evse != NO_INT) {
                r = v->owner.read(v->userdata, id, place, ret);
                if (r != -ENODATA || !value)
                        return r;
        }
        copy = strdup(value);
        if (!copy)
                return -ENOMEM;
        *ret = copy;
        return 0;
}

int64_t vars_int(const Vars *v, VarId id, int64_t fallback)
{
        _cleanup_(freep) char *text = NULL;
        int64_t n;

        if (vars_read(v, id, VAR_OF_STATION, &text) < 0 || value_parse_int(text, &n) < 0)
                return fallback;
        return n;
}

bool vars_bool(const Vars *v, VarId id)
{
        _cleanup_(freep) char *text = NULL;

        return vars_read(v, id, VAR_OF_STATION, &text) == 0 && streq(text, "true");
}

/* ---- setting ---- */

/* Stores a value as it is kept. 0: it was so before; 1; negative errno. */
static int take(Vars *v, VarId id, const char *value)
{
        _cleanup_(freep) char *name = store_name(id), *old = NULL;
        char *copy;
        int r;

        if (!name)
                return -ENOMEM;
        if (vars_read(v, id, VAR_OF_STATION, &old) == 0 && streq(old, value))
                return 0;
        copy = strdup(value);
        if (!copy)
                return -ENOMEM;
        r = store_set(v->store, name, value);
        if (r < 0) {
                free(copy);
                return r;
        }
        free(v->values[id]);
        v->values[id] = copy;
        return 1;
}

int vars_set(Vars *v, VarId id, const char *value)
{
        const VarRule *rule = &var_rules[id];
        _cleanup_(freep) char *normal = NULL;
        int r;

        if (rule->access == VAR_READ_ONLY)
                return VAR_NOT_TO_SET;
        normal = normal_value(rule, value);
        if (!normal || !v->owner.allows(v->userdata, id, normal))
                return VAR_BAD_VALUE;
        r = take(v, id, normal);
        if (r < 0)
                return r;
        if (r > 0 && !rule->reboot)
                v->owner.changed(v->userdata, id);
        return rule->reboot ? VAR_SET_LATER : VAR_SET;
}

int vars_put(Vars *v, VarId id, const char *value)
{
        _cleanup_(freep) char *normal = normal_value(&var_rules[id], value);
        int r = normal ? take(v, id, normal) : -EINVAL;

        return r < 0 ? r : VAR_SET;
}

/* ---- begin and end ---- */

/* 0 or negative errno. */
static int load(Vars *v, VarId id)
{
        _cleanup_(freep) char *name = store_name(id), *value = NULL;
        int r = name ? store_get(v->store, name, &value) : -ENOMEM;

        if (r < 0 || !value)
                return r;
        v->values[id] = normal_value(&var_rules[id], value);
        if (!v->values[id])
                log_warning("The stored value of %s is none that this version allows; it is as at "
                            "first again",
                            var_rules[id].name);
        return 0;
}

int vars_new(Store *store, const VarOwner *owner, void *userdata, Vars **ret)
{
        _cleanup_(vars_freep) Vars *v = calloc(1, sizeof(*v));

        if (!v)
                return -ENOMEM;
        *v = (Vars){.store = store, .owner = *owner, .userdata = userdata};
        for (VarId id = 0; id < VAR_MAX; id++) {
                int r = load(v, id);

                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(v);
        return 0;
}

void vars_free(Vars *v)
{
        if (!v)
                return;
        for (VarId id = 0; id < VAR_MAX; id++)
                free(v->values[id]);
        free(v);
}
