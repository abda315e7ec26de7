/* See inspect.h. RAUC 1.8 tells the format of a bundle only where people read, so it is asked
 * twice. */
#include "inspect.h"
#include "child.h"
#include "json.h"
#include "log.h"

/* How long RAUC may take, and how many bytes of a file it must manage besides in a second: to check
 * the signature of a plain bundle it reads all of it. */
#define ANSWER_TIME (60 * USEC_PER_SEC)
#define BYTES_PER_SEC ((int64_t)20 << 20)
/* Code points kept of each thing that RAUC says. */
#define VALUE_MAX 1024
#define WORDS_MAX 8

/* What RAUC is asked, one after the other. */
typedef enum Question {
        ASK_VERIFIED,   /* the manifest, with a check of the signature */
        ASK_UNVERIFIED, /* the manifest, whoever signed it */
        ASK_FORMAT,
        QUESTIONS,
} Question;

struct Inspection {
        uv_loop_t *loop;
        char *path, *keyring;
        Firmware *firmware;
        Question question;
        Child *child;
        void (*ended)(void *userdata);
        void *userdata;
};

static void inspection_free(Inspection *i)
{
        free(i->path);
        free(i->keyring);
        free(i);
}
DEFINE_CLEANUP(Inspection *, inspection_free)

static void finish(Inspection *i)
{
        void (*ended)(void *) = i->ended;
        void *userdata = i->userdata;
        inspection_free(i);
        ended(userdata);
}

/* Replaces a text, cut and made UTF-8; what there is no memory for is left out. */
static void keep(char **text, const char *value)
{
        free(*text);
        *text = utf8_clip(value, VALUE_MAX);
}

/* The last line is the one that says why. */
static void keep_note(Inspection *i, const char *beginning, const ChildEnd *end)
{
        size_t size = end->err_size, first;
        while (size > 0 && end->err[size - 1] == '\n')
                size--;
        for (first = size; first > 0 && end->err[first - 1] != '\n'; first--)
                ;
        _cleanup_(freep) char *last = strndup(end->err + first, size - first);
        _cleanup_(freep) char *note = str_printf(
                "%s: %s", beginning, end->timed_out ? "it took too long" : strempty(last));
        keep(&i->firmware->note, strempty(note));
}

/* false: it is no manifest. */
static bool read_manifest(Firmware *firmware, const ChildEnd *end)
{
        /* clang-format off */
        const struct { const char *name; char **text; } members[] = {
                { "version",     &firmware->version     }, { "compatible",  &firmware->compatible    },
                { "description", &firmware->description }, { "build",       &firmware->build         },
                { "format",      &firmware->format      }, { "hash",        &firmware->manifest_hash },
        };
        /* clang-format on */
        _cleanup_(cJSON_Deletep) cJSON *json = NULL;
        if (end->status != 0 || json_parse(end->out, end->out_size, &json) < 0 ||
            !cJSON_IsObject(json))
                return false;
        for (size_t i = 0; i < ELEMENTSOF(members); i++) {
                const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, members[i].name);
                if (cJSON_IsString(item))
                        keep(members[i].text, item->valuestring);
        }
        keep(&firmware->kind, "rauc");
        return true;
}

static void read_format(Firmware *firmware, const ChildEnd *end)
{
        static const char before[] = "\nBundle Format:";
        const char *p = end->status == 0 ? strstr(end->out, before) : NULL;
        if (!p)
                return;
        p += strlen(before);
        p += strspn(p, " \t");
        _cleanup_(freep) char *word = strndup(p, strcspn(p, " \t\n"));
        if (word && *word)
                keep(&firmware->format, word);
}

static void ask(Inspection *i, Question question);

/* Takes an answer, and tells what to ask next. */
static Question take_answer(Inspection *i, const ChildEnd *end)
{
        Firmware *firmware = i->firmware;
        switch (i->question) {
        case ASK_VERIFIED:
                firmware->verified = read_manifest(firmware, end);
                if (firmware->verified)
                        return ASK_FORMAT;
                keep_note(i, "RAUC does not accept it by the keyring", end);
                return ASK_UNVERIFIED;
        case ASK_UNVERIFIED:
                if (read_manifest(firmware, end))
                        return ASK_FORMAT;
                keep_note(i, "It is no bundle that RAUC can read", end);
                firmware->verified = -1;
                return QUESTIONS;
        case ASK_FORMAT:
                read_format(firmware, end);
                return QUESTIONS;
        case QUESTIONS:
                break;
        }
        return QUESTIONS;
}

static void on_answer(void *userdata, const ChildEnd *end)
{
        Inspection *i = userdata;
        i->child = NULL;
        i->firmware->inspected = 1;
        ask(i, take_answer(i, end));
}

static int start(Inspection *i, Question question)
{
        const char *keyring = question == ASK_VERIFIED ? "--keyring" : NULL;
        const char *words[WORDS_MAX] = {"rauc"};
        size_t n = 1;
        if (keyring) {
                words[n++] = keyring;
                words[n++] = i->keyring;
        }
        words[n++] = "info";
        if (!keyring)
                words[n++] = "--no-verify";
        if (question != ASK_FORMAT)
                words[n++] = "--output-format=json";
        words[n] = i->path;
        usec_t timeout = ANSWER_TIME;
        if (i->firmware->size != NO_INT)
                timeout += (usec_t)(i->firmware->size / BYTES_PER_SEC) * USEC_PER_SEC;
        i->question = question;
        return child_start(i->loop, &(ChildOptions){.words = words, .timeout = timeout}, on_answer,
                           i, &i->child);
}

static void ask(Inspection *i, Question question)
{
        int r = question == QUESTIONS ? 1 : start(i, question);
        if (r < 0)
                log_warning_errno(r, "RAUC can't be asked a second time");
        if (r != 0)
                finish(i);
}

int inspect_start(uv_loop_t *loop, const InspectOptions *options, Firmware *firmware,
                  void (*ended)(void *userdata), void *userdata, Inspection **ret)
{
        _cleanup_(inspection_freep) Inspection *i = calloc(1, sizeof(*i));
        if (!i || !(i->path = strdup(options->path)) ||
            str_replace(&i->keyring, options->keyring) < 0)
                return -ENOMEM;
        i->loop = loop;
        i->firmware = firmware;
        i->ended = ended;
        i->userdata = userdata;
        int r = start(i, options->keyring ? ASK_VERIFIED : ASK_UNVERIFIED);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(i);
        return 0;
}

void inspect_stop(Inspection *inspection)
{
        if (inspection->child)
                child_kill(inspection->child);
        inspection_free(inspection);
}
