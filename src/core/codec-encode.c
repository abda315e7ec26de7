/* The table codec, writing; and freeing what was read. */
#include "codec-internal.h"

/* Nothing to write for this field, as if it weren't in the table. An enum value for which the
 * version has no word is nothing, too. */
static bool is_absent(const Field *f, const void *in);

static _apart_ bool is_empty(const Table *table, const void *in)
{
        for (size_t i = 0; i < table->count; i++)
                if (!is_absent(&table->fields[i], in))
                        return false;
        return true;
}

static bool is_absent(const Field *f, const void *in)
{
        const void *m = const_member(f, in);

        switch (f->kind) {
        case FIELD_STRING:
                return !*(char *const *)m;
        case FIELD_INT:
                return *(const int64_t *)m == NO_INT;
        case FIELD_BOOL:
                return *(const int *)m < 0;
        case FIELD_TIME:
                return *(const usec_t *)m == NO_TIME;
        case FIELD_ENUM:
                return !enum_to_word(f->names, *(const int *)m);
        case FIELD_INLINE:
                return is_empty(f->table, in);
        case FIELD_LIST:
                return ((const List *)m)->count == 0;
        case FIELD_IGNORED:
                return true;
        }
        return true;
}

static cJSON *encode_string(const Field *f, const char *s)
{
        _cleanup_(freep) char *clipped = NULL;
        size_t size = strlen(s);

        /* A string of no more bytes than code points are allowed is not too long. */
        if (utf8_valid(s, size) && (f->max == 0 || size <= f->max || utf8_length(s) <= f->max))
                return cJSON_CreateString(s);
        clipped = utf8_clip(s, f->max);
        return clipped ? cJSON_CreateString(clipped) : NULL;
}

/* The value of a field that is neither absent nor an object; NULL when out of memory. */
static cJSON *encode_value(const Field *f, const void *m)
{
        char time[TIME_TEXT_MAX];

        switch (f->kind) {
        case FIELD_STRING:
                return encode_string(f, *(char *const *)m);
        case FIELD_INT:
                return cJSON_CreateNumber((double)*(const int64_t *)m);
        case FIELD_BOOL:
                return cJSON_CreateBool(*(const int *)m);
        case FIELD_TIME:
                return cJSON_CreateString(time_format(*(const usec_t *)m, time));
        case FIELD_ENUM:
                return cJSON_CreateString(enum_to_word(f->names, *(const int *)m));
        case FIELD_INLINE:
        case FIELD_LIST:
        case FIELD_IGNORED:
                break;
        }
        return NULL;
}

static int encode_table(const Place *place, const Table *table, const void *in, cJSON **ret,
                        CodecError *error);

static int encode_list(const Place *place, const Field *f, const void *in, cJSON **ret,
                       CodecError *error);

static int encode_field(const Place *place, const Field *f, const void *in, cJSON **ret,
                        CodecError *error)
{
        if (f->kind == FIELD_INLINE)
                return encode_table(place, f->table, in, ret, error);
        if (is_absent(f, in)) {
                codec_complain(error, place, CODEC_MISSING, "has no value in this version");
                return -ENODATA;
        }
        if (f->kind == FIELD_LIST)
                return encode_list(place, f, in, ret, error);
        *ret = encode_value(f, const_member(f, in));
        return *ret ? 0 : -ENOMEM;
}

static int encode_list(const Place *place, const Field *f, const void *in, cJSON **ret,
                       CodecError *error)
{
        _cleanup_(cJSON_Deletep) cJSON *json = cJSON_CreateArray();
        const List *list = const_member(f, in);

        for (size_t i = 0; json && i < list->count; i++) {
                const char *element = (const char *)list->items + i * f->list->element_size;
                cJSON *item;
                int r = encode_field(place, &f->list->item, element, &item, error);

                if (r < 0)
                        return r;
                cJSON_AddItemToArray(json, item);
        }
        *ret = TAKE_PTR(json);
        return *ret ? 0 : -ENOMEM;
}

static int encode_table(const Place *place, const Table *table, const void *in, cJSON **ret,
                        CodecError *error)
{
        _cleanup_(cJSON_Deletep) cJSON *json = cJSON_CreateObject();

        if (!json)
                return -ENOMEM;
        for (size_t i = 0; i < table->count; i++) {
                const Field *f = &table->fields[i];
                cJSON *item;
                int r;

                if (!f->required && is_absent(f, in))
                        continue;
                r = encode_field(&(Place){place, f->name}, f, in, &item, error);
                if (r < 0)
                        return r;
                if (!cJSON_AddItemToObjectCS(json, f->name, item)) {
                        cJSON_Delete(item);
                        return -ENOMEM;
                }
        }
        *ret = TAKE_PTR(json);
        return 0;
}

int codec_encode(const Table *table, const void *in, cJSON **ret, CodecError *reterr)
{
        return encode_table(&codec_root, table, in, ret, reterr);
}

static void field_done(const Field *f, void *s)
{
        List *list;

        if (f->kind == FIELD_INLINE)
                codec_done(f->table, s);
        if (f->kind == FIELD_STRING)
                free(TAKE_PTR(*(char **)member(f, s)));
        if (f->kind != FIELD_LIST)
                return;
        list = member(f, s);
        for (size_t i = 0; i < list->count; i++)
                field_done(&f->list->item, (char *)list->items + i * f->list->element_size);
        free(TAKE_PTR(list->items));
        list->count = 0;
}

void codec_done(const Table *table, void *s)
{
        for (size_t i = 0; i < table->count; i++)
                field_done(&table->fields[i], s);
}
