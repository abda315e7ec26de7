/* See fault.h. */
#include "fault.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

/* The members of a fault. */
enum {
        ACTION = 1,
        SECONDS = 2,
        CODE = 4,
        FRAMES = 8,
        RATE = 16,
        STATUS = 32,
        PROTOCOL = 64,
        TIMES = 128,
        DURATION = 256,
        ALWAYS = TIMES | DURATION,
        BEGIN = SECONDS | FRAMES, /* of a connection: when it begins */
};

typedef struct KindRow {
        const char *word;
        FaultPlace place;
        int needs, may;
} KindRow;

typedef enum ValueKind { TEXT, EMPTY_TEXT, NUMBER, WHOLE } ValueKind;

typedef struct MemberRow {
        const char *name;
        int flag;
        ValueKind kind;
        size_t offset;
        double min, max; /* of a number; max: bytes of a text */
} MemberRow;

/* clang-format off */
static const KindRow kinds[FAULT_KIND_MAX] = {
        /*                      word           what goes wrong   needs             may have besides */
        [FAULT_NONE]        = { "none",        FAULT_OF_ANSWER,  0,                ACTION },
        [FAULT_LATE]        = { "late",        FAULT_OF_ANSWER,  ACTION | SECONDS, ALWAYS },
        [FAULT_NEVER]       = { "never",       FAULT_OF_ANSWER,  ACTION,           ALWAYS },
        [FAULT_CALLERROR]   = { "callerror",   FAULT_OF_ANSWER,  ACTION,           ALWAYS | CODE },
        [FAULT_GARBLED]     = { "garbled",     FAULT_OF_ANSWER,  ACTION,           ALWAYS },
        [FAULT_CLOSE]       = { "close",       FAULT_OF_ANSWER,  ACTION,           ALWAYS },
        [FAULT_TWICE]       = { "twice",       FAULT_OF_ANSWER,  ACTION,           ALWAYS },
        [FAULT_PENDING]     = { "pending",     FAULT_OF_ANSWER,  ACTION,           ALWAYS | SECONDS },
        [FAULT_REJECTED]    = { "rejected",    FAULT_OF_ANSWER,  ACTION,           ALWAYS | SECONDS },
        [FAULT_DISCONNECT]  = { "disconnect",  FAULT_OF_LINE,    0,                ALWAYS | BEGIN },
        [FAULT_HALFOPEN]    = { "halfopen",    FAULT_OF_LINE,    0,                ALWAYS | BEGIN },
        [FAULT_SLOWREAD]    = { "slowread",    FAULT_OF_LINE,    RATE,             ALWAYS | BEGIN },
        [FAULT_REFUSED]     = { "refused",     FAULT_OF_DOOR,    0,                ALWAYS | STATUS },
        [FAULT_SUBPROTOCOL] = { "subprotocol", FAULT_OF_DOOR,    0,                ALWAYS | PROTOCOL },
        [FAULT_EXPIREDTLS]  = { "expiredtls",  FAULT_OF_SERVER,  0,                ALWAYS },
};

static const MemberRow members[] = {
        { "action",         ACTION,   TEXT,       offsetof(Fault, action),           1,   FAULT_ACTION_MAX },
        { "seconds",        SECONDS,  NUMBER,     offsetof(Fault, seconds),          0,   FAULT_SECONDS_MAX },
        { "code",           CODE,     TEXT,       offsetof(Fault, code),             1,   FAULT_CODE_MAX },
        { "frames",         FRAMES,   WHOLE,      offsetof(Fault, frames),           1,   1000000 },
        { "bytesPerSecond", RATE,     WHOLE,      offsetof(Fault, bytes_per_second), 1,   1000000000 },
        { "status",         STATUS,   WHOLE,      offsetof(Fault, status),           400, 599 },
        { "subprotocol",    PROTOCOL, EMPTY_TEXT, offsetof(Fault, subprotocol),      0,   FAULT_PROTOCOL_MAX },
        { "times",          TIMES,    WHOLE,      offsetof(Fault, times),            0,   INT32_MAX },
        { "duration",       DURATION, NUMBER,     offsetof(Fault, duration),         0.1, FAULT_SECONDS_MAX },
};
/* clang-format on */

static const Fault initial = {
        .seconds = -1,
        .code = "InternalError",
        .frames = -1,
        .bytes_per_second = -1,
        .status = 503,
        .times = 1,
        .duration = -1,
};

FaultPlace fault_place(FaultKind kind)
{
        return kinds[kind].place;
}

const char *fault_word(FaultKind kind)
{
        return kinds[kind].word;
}

const char *fault_end_word(FaultEnd why)
{
        static const char *const words[FAULT_END_MAX] = {
                [FAULT_DELETED] = "deleted",
                [FAULT_REPLACED] = "replaced",
                [FAULT_USED_UP] = "used-up",
                [FAULT_OVER] = "over",
        };
        return words[why];
}

_printf_(2, 3) static int complain(FaultError *error, const char *format, ...)
{
        va_list ap;
        va_start(ap, format);
        vsnprintf(error->text, sizeof(error->text), format, ap);
        va_end(ap);
        return -EINVAL;
}

/* A text goes into a header or a frame: no control character. */
static bool is_text(const MemberRow *member, const cJSON *item)
{
        if (!cJSON_IsString(item) || strlen(item->valuestring) < (size_t)member->min ||
            strlen(item->valuestring) > (size_t)member->max)
                return false;
        for (const char *p = item->valuestring; *p; p++)
                if ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7f)
                        return false;
        return true;
}

static bool is_number(const MemberRow *member, const cJSON *item)
{
        return cJSON_IsNumber(item) && item->valuedouble >= member->min &&
               item->valuedouble <= member->max &&
               (member->kind == NUMBER || item->valuedouble == floor(item->valuedouble));
}

static int take(const MemberRow *member, const cJSON *item, Fault *fault, FaultError *reterr)
{
        char *at = (char *)fault + member->offset;
        if (member->kind == TEXT || member->kind == EMPTY_TEXT) {
                if (!is_text(member, item))
                        return complain(reterr,
                                        "%s must be a text of %.0f to %.0f ASCII characters.",
                                        member->name, member->min, member->max);
                memcpy(at, item->valuestring, strlen(item->valuestring) + 1);
                return 0;
        }
        if (!is_number(member, item))
                return complain(reterr, "%s must be a %snumber from %g to %.0f.", member->name,
                                member->kind == WHOLE ? "whole " : "", member->min, member->max);
        *(double *)(void *)at = item->valuedouble;
        return 0;
}

static int read_kind(const cJSON *body, FaultKind *ret, FaultError *reterr)
{
        char words[160] = "";
        size_t n = 0;
        const char *word = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(body, "kind"));
        for (size_t i = 0; i < FAULT_KIND_MAX; i++) {
                if (word && streq(kinds[i].word, word)) {
                        *ret = (FaultKind)i;
                        return 0;
                }
                n += (size_t)snprintf(words + n, sizeof(words) - n, "%s%s", n > 0 ? ", " : "",
                                      kinds[i].word);
        }
        return complain(reterr, "kind must be one of %s.", words);
}

static bool is_other(const char *const *others, const char *name)
{
        for (; others && *others; others++)
                if (streq(*others, name))
                        return true;
        return streq(name, "kind");
}

static const MemberRow *find_member(const char *name)
{
        for (size_t i = 0; i < ELEMENTSOF(members); i++)
                if (streq(members[i].name, name))
                        return &members[i];
        return NULL;
}

/* Says the member's name if that is a plain one. */
static int complain_unknown(const KindRow *kind, const char *name, FaultError *reterr)
{
        static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        bool plain = strspn(name, letters) == strlen(name);
        return complain(reterr, "A fault of kind %s has no member %.32s.", kind->word,
                        plain ? name : "of such a name");
}

int fault_from_json(const cJSON *body, const char *const *others, Fault *ret, FaultError *reterr)
{
        Fault fault = initial;
        int given = 0;
        const cJSON *item;
        int r = read_kind(body, &fault.kind, reterr);
        if (r < 0)
                return r;
        const KindRow *kind = &kinds[fault.kind];
        cJSON_ArrayForEach (item, body) {
                const MemberRow *member = find_member(item->string);
                if (is_other(others, item->string))
                        continue;
                if (!member || !(member->flag & (kind->needs | kind->may)))
                        return complain_unknown(kind, item->string, reterr);
                r = take(member, item, &fault, reterr);
                if (r < 0)
                        return r;
                given |= member->flag;
        }
        for (size_t i = 0; i < ELEMENTSOF(members); i++)
                if (kind->needs & ~given & members[i].flag)
                        return complain(reterr, "A fault of kind %s needs %s.", kind->word,
                                        members[i].name);
        *ret = fault;
        return 0;
}

bool fault_describe(const Fault *fault, cJSON *object)
{
        const KindRow *kind = &kinds[fault->kind];
        if (!cJSON_AddStringToObject(object, "kind", kind->word))
                return false;
        for (size_t i = 0; i < ELEMENTSOF(members); i++) {
                const char *at = (const char *)fault + members[i].offset;
                bool text = members[i].kind == TEXT || members[i].kind == EMPTY_TEXT;
                double number = text ? 0 : *(const double *)(const void *)at;
                if (!(members[i].flag & (kind->needs | kind->may)) || number < 0)
                        continue;
                if (text ? !cJSON_AddStringToObject(object, members[i].name, at)
                         : !cJSON_AddNumberToObject(object, members[i].name, number))
                        return false;
        }
        return true;
}
