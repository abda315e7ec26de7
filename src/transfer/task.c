/* The job's JSON by a table a job: see task.h. */
#include "task.h"
#include "codec.h"

typedef enum MemberKind {
        MEMBER_TEXT,
        MEMBER_NUMBER,
        MEMBER_FLAG,
        MEMBER_TEXTS,
        MEMBER_NOTES
} MemberKind;

typedef struct Member {
        const char *name;
        MemberKind kind;
        bool required;
        size_t offset;
} Member;

/* clang-format off */
/* How a server is spoken to. */
#define WAY                                                                                        \
        {"protocols",        MEMBER_TEXTS,  true,  offsetof(Task, protocols)},                     \
        {"stall_timeout",    MEMBER_NUMBER, true,  offsetof(Task, stall_timeout_seconds)},         \
        {"timeout",          MEMBER_NUMBER, true,  offsetof(Task, timeout_seconds)},               \
        {"rate",             MEMBER_NUMBER, true,  offsetof(Task, rate_bytes)},                    \
        {"ca_file",          MEMBER_TEXT,   false, offsetof(Task, ca_file)},                       \
        {"csms_ca_file",     MEMBER_TEXT,   false, offsetof(Task, csms_ca_file)},                  \
        {"installed_ca_file", MEMBER_TEXT,  false, offsetof(Task, installed_ca_file)},             \
        {"client_cert_file", MEMBER_TEXT,   false, offsetof(Task, client_cert_file)},              \
        {"client_key",       MEMBER_TEXT,   false, offsetof(Task, client_key)},                    \
        {"credentials_file", MEMBER_TEXT,   false, offsetof(Task, credentials_file)},              \
        {"proxy",            MEMBER_TEXT,   false, offsetof(Task, proxy)}

static const Member fetch_members[] = {
        {"url",           MEMBER_TEXT,   true,  offsetof(Task, url)},
        {"file",          MEMBER_TEXT,   true,  offsetof(Task, file)},
        {"max_size",      MEMBER_NUMBER, true,  offsetof(Task, max_size_bytes)},
        {"reserve",       MEMBER_NUMBER, true,  offsetof(Task, reserve_bytes)},
        WAY,
};

static const Member copy_members[] = {
        {"file",          MEMBER_TEXT,   true,  offsetof(Task, file)},
        {"max_size",      MEMBER_NUMBER, true,  offsetof(Task, max_size_bytes)},
        {"reserve",       MEMBER_NUMBER, false, offsetof(Task, reserve_bytes)},
};

static const Member hash_members[] = {
        {"sha384",        MEMBER_FLAG,   true,  offsetof(Task, sha384)},
};

static const Member collect_members[] = {
        {"file",          MEMBER_TEXT,   true,  offsetof(Task, file)},
        {"max_size",      MEMBER_NUMBER, true,  offsetof(Task, max_size_bytes)},
        {"reserve",       MEMBER_NUMBER, false, offsetof(Task, reserve_bytes)},
        {"identity",      MEMBER_TEXT,   true,  offsetof(Task, identity)},
        {"kind",          MEMBER_TEXT,   true,  offsetof(Task, kind)},
        {"since",         MEMBER_NUMBER, false, offsetof(Task, since_usec)},
        {"until",         MEMBER_NUMBER, false, offsetof(Task, until_usec)},
        {"journal",       MEMBER_TEXT,   false, offsetof(Task, journal)},
        {"journal_units", MEMBER_TEXTS,  true,  offsetof(Task, journal_units)},
        {"files",         MEMBER_TEXTS,  true,  offsetof(Task, files)},
        {"secrets",       MEMBER_TEXTS,  true,  offsetof(Task, secrets)},
        {"rauc_config",   MEMBER_TEXT,   false, offsetof(Task, rauc_config)},
        {"notes",         MEMBER_NOTES,  true,  offsetof(Task, notes)},
};

static const Member upload_members[] = {
        {"file",          MEMBER_TEXT,   true,  offsetof(Task, file)},
        {"name",          MEMBER_TEXT,   true,  offsetof(Task, name)},
        {"url",           MEMBER_TEXT,   true,  offsetof(Task, url)},
        {"folder",        MEMBER_FLAG,   true,  offsetof(Task, folder)},
        {"method",        MEMBER_TEXT,   true,  offsetof(Task, method)},
        WAY,
};

static const Member resolve_members[] = {
        {"host",          MEMBER_TEXT,   true,  offsetof(Task, host)},
        {"service",       MEMBER_TEXT,   true,  offsetof(Task, service)},
};

static const struct Kind {
        const char *name;
        TaskRun run;
        const Member *members;
        size_t count;
} kinds[] = {
        {"fetch",   fetch_run,   fetch_members,   ELEMENTSOF(fetch_members)},
        {"copy",    copy_run,    copy_members,    ELEMENTSOF(copy_members)},
        {"hash",    hash_run,    hash_members,    ELEMENTSOF(hash_members)},
        {"collect", collect_run, collect_members, ELEMENTSOF(collect_members)},
        {"upload",  upload_run,  upload_members,  ELEMENTSOF(upload_members)},
        {"resolve", resolve_run, resolve_members, ELEMENTSOF(resolve_members)},
};
/* clang-format on */

static bool is_texts(const cJSON *list)
{
        const cJSON *item;

        if (!cJSON_IsArray(list))
                return false;
        cJSON_ArrayForEach (item, list) {
                if (!cJSON_IsString(item))
                        return false;
        }
        return true;
}

static bool is_notes(const cJSON *list)
{
        const cJSON *item;

        if (!cJSON_IsArray(list))
                return false;
        cJSON_ArrayForEach (item, list) {
                if (!cJSON_IsString(cJSON_GetObjectItemCaseSensitive(item, "name")) ||
                    !cJSON_IsString(cJSON_GetObjectItemCaseSensitive(item, "text")))
                        return false;
        }
        return true;
}

/* A size or a span: not negative, and no more than a double holds exactly. */
static bool is_amount(const cJSON *item)
{
        return cJSON_IsNumber(item) && item->valuedouble >= 0 &&
               item->valuedouble <= (double)(INT64_C(1) << 53) &&
               item->valuedouble == (double)(int64_t)item->valuedouble;
}

static bool member_take(const Member *m, const cJSON *item, Task *t)
{
        void *place = (char *)t + m->offset;

        switch (m->kind) {
        case MEMBER_TEXT:
                if (!cJSON_IsString(item))
                        return false;
                *(const char **)place = item->valuestring;
                return true;
        case MEMBER_NUMBER:
                if (!is_amount(item))
                        return false;
                *(int64_t *)place = (int64_t)item->valuedouble;
                return true;
        case MEMBER_FLAG:
                if (!cJSON_IsBool(item))
                        return false;
                *(bool *)place = cJSON_IsTrue(item);
                return true;
        case MEMBER_TEXTS:
        case MEMBER_NOTES:
                if (m->kind == MEMBER_NOTES ? !is_notes(item) : !is_texts(item))
                        return false;
                *(const cJSON **)place = item;
                return true;
        }
        return false;
}

static const Member *member_find(const struct Kind *kind, const char *name)
{
        for (size_t i = 0; i < kind->count; i++) {
                if (streq(kind->members[i].name, name))
                        return &kind->members[i];
        }
        return NULL;
}

static const char *members_take(const struct Kind *kind, Task *t)
{
        uint32_t seen = 0;
        const cJSON *item;

        cJSON_ArrayForEach (item, t->tree) {
                const Member *m = member_find(kind, item->string);
                uint32_t bit = m ? UINT32_C(1) << (m - kind->members) : 0;

                if (streq(item->string, "job"))
                        continue;
                if (!m || (seen & bit))
                        return "the job has a member that is unknown or given twice";
                if (!member_take(m, item, t))
                        return "a member of the job has the wrong type";
                seen |= bit;
        }
        for (size_t i = 0; i < kind->count; i++) {
                if (kind->members[i].required && !(seen & UINT32_C(1) << i))
                        return "a member of the job is missing";
        }
        return NULL;
}

static const struct Kind *kind_of(const cJSON *tree)
{
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(tree, "job"));

        for (size_t i = 0; name && i < ELEMENTSOF(kinds); i++) {
                if (streq(kinds[i].name, name))
                        return &kinds[i];
        }
        return NULL;
}

int task_parse(const char *text, size_t size, Task *ret, const char **reterr)
{
        _cleanup_(task_done) Task t = {.text = text, .size = size};
        const struct Kind *kind;
        const char *wrong;
        int r = json_parse(text, size, &t.tree);

        if (r == -ENOMEM)
                return r;
        kind = r == 0 && cJSON_IsObject(t.tree) ? kind_of(t.tree) : NULL;
        wrong = r < 0 ? "the job is no JSON" : !kind ? "no such job" : members_take(kind, &t);
        if (wrong) {
                *reterr = wrong;
                return -EBADMSG;
        }
        t.run = kind->run;
        *ret = t;
        t.tree = NULL;
        return 0;
}

void task_done(Task *t)
{
        cJSON_Delete(t->tree);
        *t = (Task){0};
}
