/* The lines a worker writes: see transfer-answer.h. */
#include "transfer-answer.h"
#include "codec.h"
#include "json.h"

/* Above this a JSON number has no exact integer any more. */
#define EXACT_MAX 9007199254740992.0

static int read_integer(const cJSON *object, const char *name, int64_t min, int64_t *ret)
{
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
        double v = cJSON_IsNumber(item) ? item->valuedouble : EXACT_MAX;

        if (!(v >= (double)min && v < EXACT_MAX) || v != (double)(int64_t)v)
                return -EBADMSG;
        *ret = (int64_t)v;
        return 0;
}

static bool has(const cJSON *object, const char *name)
{
        return cJSON_GetObjectItemCaseSensitive(object, name);
}

static int read_hex(const cJSON *object, const char *name, void *out, size_t size)
{
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

        return text && hex_decode(text, out, size) == 0 ? 0 : -EBADMSG;
}

/* A file that grows has at least what is there of it. */
static int read_progress(const cJSON *value, Answer *a)
{
        int64_t now = 0;

        if (read_integer(value, "now", 0, &now) < 0 ||
            read_integer(value, "total", -1, &a->total_bytes) < 0)
                return -EBADMSG;
        a->now_bytes = (uint64_t)now;
        if (a->total_bytes >= 0)
                a->total_bytes = MAX(a->total_bytes, now);
        a->kind = ANSWER_PROGRESS;
        return 0;
}

/* With digests, one of them required, it is the answer of a hash; else the size alone is said. */
static int read_size(const cJSON *value, Answer *a)
{
        int64_t size = 0;
        bool hashed = has(value, "sha256");

        if (read_integer(value, "size", 0, &size) < 0)
                return -EBADMSG;
        a->size_bytes = a->digest.size_bytes = (uint64_t)size;
        a->digest.has_sha384 = has(value, "sha384");
        a->kind = hashed ? ANSWER_DIGEST : ANSWER_DONE;
        if ((hashed && read_hex(value, "sha256", a->digest.sha256, SHA256_SIZE) < 0) ||
            (a->digest.has_sha384 &&
             (!hashed || read_hex(value, "sha384", a->digest.sha384, SHA384_SIZE) < 0)))
                return -EBADMSG;
        return 0;
}

/* Numeric text alone, perhaps with an interface behind '%'. */
static bool is_address(const char *text)
{
        static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWX"
                                      "YZ.:%-_";
        size_t n = strlen(text);

        return n > 0 && n < TRANSFER_ADDRESS_TEXT_MAX && strspn(text, allowed) == n;
}

static int read_addresses(const cJSON *list, Answer *a)
{
        const cJSON *item;

        cJSON_ArrayForEach (item, list) {
                const char *text = cJSON_GetStringValue(item);

                if (!text || !is_address(text) || a->address_count == TRANSFER_ADDRESSES_MAX)
                        return -EBADMSG;
                memcpy(a->addresses[a->address_count++], text, strlen(text) + 1);
        }
        a->kind = ANSWER_ADDRESSES;
        return a->address_count > 0 ? 0 : -EBADMSG;
}

static int read_done(const cJSON *value, Answer *a)
{
        const cJSON *addresses = cJSON_GetObjectItemCaseSensitive(value, "addresses");

        return addresses ? read_addresses(addresses, a) : read_size(value, a);
}

/* What goes to the log and to 2.1's statusInfo holds nothing but printable ASCII. */
static void copy_printable(const char *text, char *out, size_t size)
{
        size_t i = 0;

        for (; text[i] && i + 1 < size; i++)
                out[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
        out[i] = '\0';
}

static int read_failed(const cJSON *value, Answer *a)
{
        const cJSON *final = cJSON_GetObjectItemCaseSensitive(value, "final");
        const char *code = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(value, "code"));
        const char *message =
                cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(value, "message"));
        int64_t rest = 0;
        size_t n = code ? strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789-") : 0;

        if (!cJSON_IsBool(final) || n == 0 || code[n] || n >= TRANSFER_CODE_MAX || !message)
                return -EBADMSG;
        if (has(value, "retry_after") && read_integer(value, "retry_after", 0, &rest) < 0)
                return -EBADMSG;
        a->retry_after_seconds = (uint64_t)rest;
        a->final = cJSON_IsTrue(final);
        memcpy(a->code, code, n + 1);
        copy_printable(message, a->message, sizeof(a->message));
        a->kind = ANSWER_FAILED;
        return 0;
}

static const struct {
        const char *name;
        int (*read)(const cJSON *value, Answer *a);
} readers[] = {
        {"progress", read_progress},
        {"done", read_done},
        {"failed", read_failed},
};

int answer_parse(const char *line, size_t size, Answer *ret)
{
        _cleanup_(cJSON_Deletep) cJSON *tree = NULL;
        const cJSON *only;
        Answer a = {0};

        if (json_parse(line, size, &tree) < 0)
                return -EBADMSG;
        only = tree->child;
        if (!cJSON_IsObject(tree) || !cJSON_IsObject(only) || only->next)
                return -EBADMSG;
        for (size_t i = 0; i < ELEMENTSOF(readers); i++) {
                if (!streq(only->string, readers[i].name))
                        continue;
                if (readers[i].read(only, &a) < 0)
                        return -EBADMSG;
                *ret = a;
                return 0;
        }
        return -EBADMSG;
}
