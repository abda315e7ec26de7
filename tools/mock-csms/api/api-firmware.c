/* The calls about firmware files: added, listed, signed, deleted. */
#include "api.h"
#include "fields.h"
#include "log.h"

#define LIST_DEFAULT 100
#define LIST_MAX 1000
/* Code points of what an operator says of a file. */
#define WORD_MAX 128
#define DESCRIPTION_MAX 1024

/* clang-format off */
/* What is told of an upload, in the query; and of a file elsewhere, in a body. */
static const Field upload_fields[] = {
        STRING_FIELD("name",        REQUIRED, Firmware, name,        FIRMWARE_NAME_MAX),
        STRING_FIELD("version",     OPTIONAL, Firmware, version,     WORD_MAX),
        STRING_FIELD("compatible",  OPTIONAL, Firmware, compatible,  WORD_MAX),
        STRING_FIELD("description", OPTIONAL, Firmware, description, DESCRIPTION_MAX),
        STRING_FIELD("build",       OPTIONAL, Firmware, build,       WORD_MAX),
};
static const Table upload_table = {.name = "firmware", .fields = upload_fields, .count = ELEMENTSOF(upload_fields)};

static const Field url_fields[] = {
        STRING_FIELD("url",         REQUIRED, Firmware, url,         FIRMWARE_URL_MAX),
        STRING_FIELD("name",        OPTIONAL, Firmware, name,        FIRMWARE_NAME_MAX),
        STRING_FIELD("sha256",      OPTIONAL, Firmware, sha256,      2 * SHA256_SIZE),
        STRING_FIELD("version",     OPTIONAL, Firmware, version,     WORD_MAX),
        STRING_FIELD("compatible",  OPTIONAL, Firmware, compatible,  WORD_MAX),
        STRING_FIELD("description", OPTIONAL, Firmware, description, DESCRIPTION_MAX),
        STRING_FIELD("build",       OPTIONAL, Firmware, build,       WORD_MAX),
        STRING_FIELD("format",      OPTIONAL, Firmware, format,      WORD_MAX),
};
static const Table url_table = {.name = "firmware", .fields = url_fields, .count = ELEMENTSOF(url_fields)};

/* A signature to be made, or one brought along. */
typedef struct Signing {
        char *certificate, *signature; /* brought along */
        char *key, *passphrase, *scheme; /* to be made */
} Signing;

static const Field signing_fields[] = {
        STRING_FIELD("certificate", REQUIRED, Signing, certificate, SIGN_CERTIFICATE_MAX),
        STRING_FIELD("signature",   OPTIONAL, Signing, signature,   SIGN_SIGNATURE_MAX),
        STRING_FIELD("key",         OPTIONAL, Signing, key,         SIGN_KEY_MAX),
        STRING_FIELD("passphrase",  OPTIONAL, Signing, passphrase,  SIGN_PASSPHRASE_MAX),
        STRING_FIELD("scheme",      OPTIONAL, Signing, scheme,      WORD_MAX),
};
static const Table signing_table = {.name = "signing", .fields = signing_fields, .count = ELEMENTSOF(signing_fields)};
/* clang-format on */

static const CodecRules rules = {.unknown_is_violation = true};

/* Answers what went wrong in the store. */
static void fail(const ApiCall *call, int error)
{
        if (error == -ENOENT)
                exchange_problem(call->x, 404, "There is no such firmware.");
        else if (error == -ENOMEM)
                api_out_of_memory(call->x);
        else
                exchange_problem(call->x, 503, "The firmware can't be read or written.");
}

/* NULL: there is none, and the call is answered. */
static Firmware *find(const ApiCall *call)
{
        Firmware *firmware = NULL;
        int64_t id;
        if (!api_id(call, 0, &id))
                return NULL;
        int r = firmware_find(call->service->firmware, id, &firmware);
        if (r < 0)
                fail(call, r);
        return firmware;
}

static void describe(const ApiCall *call, unsigned status, int64_t id)
{
        _cleanup_(firmware_freep) Firmware *firmware = NULL;
        int r = firmware_find(call->service->firmware, id, &firmware);
        if (r < 0)
                fail(call, r);
        else
                exchange_reply_json(call->x, status,
                                    firmware_describe(call->service->firmware, firmware));
}

typedef struct Listing {
        const FirmwareStore *store;
        cJSON *array;
} Listing;

static int list_one(void *userdata, const Firmware *firmware)
{
        const Listing *listing = userdata;
        cJSON *o = firmware_describe(listing->store, firmware);
        if (!o)
                return -ENOMEM;
        cJSON_AddItemToArray(listing->array, o);
        return 0;
}

static void list_firmware(const ApiCall *call)
{
        int64_t after = 0, limit = LIST_DEFAULT;
        if (!api_number(call, "after", 0, INT64_MAX, &after) ||
            !api_number(call, "limit", 1, LIST_MAX, &limit))
                return;
        _cleanup_(cJSON_Deletep) cJSON *array = cJSON_CreateArray();
        Listing listing = {.store = call->service->firmware, .array = array};
        int r = array ? state_firmware_each(call->service->state, after, limit, list_one, &listing)
                      : -ENOMEM;
        if (r < 0)
                fail(call, r);
        else
                api_reply_page(call, &(ApiPage){.list = TAKE_PTR(array),
                                                .limit = limit,
                                                .total = state_firmware_count(call->service->state),
                                                .member = "id"});
}

static void get_firmware(const ApiCall *call)
{
        _cleanup_(firmware_freep) Firmware *firmware = find(call);
        if (firmware)
                exchange_reply_json(call->x, 200,
                                    firmware_describe(call->service->firmware, firmware));
}

/* Somebody who waits until RAUC was asked. */
typedef struct Waiting {
        ApiCall call;
        int64_t id;
} Waiting;

static void on_gone(void *waiter)
{
        Waiting *waiting = waiter;
        firmware_forget(waiting->call.service->firmware, waiting);
        free(waiting);
}

static void on_inspected(void *userdata)
{
        Waiting *waiting = userdata;
        exchange_wait(waiting->call.x, NULL, NULL);
        describe(&waiting->call, 201, waiting->id);
        free(waiting);
}

static void answer_when_inspected(const ApiCall *call, int64_t id)
{
        Waiting *waiting = malloc(sizeof(*waiting));
        if (!waiting) {
                api_out_of_memory(call->x);
                return;
        }
        *waiting = (Waiting){.call = {.service = call->service, .x = call->x}, .id = id};
        exchange_wait(call->x, on_gone, waiting);
        if (firmware_wait(call->service->firmware, id, on_inspected, waiting) < 0) {
                exchange_wait(call->x, NULL, NULL);
                free(waiting);
                api_out_of_memory(call->x);
        }
}

/* The arguments of the query as an object. NULL: out of memory. */
static cJSON *query_as_object(const HttpRequest *request)
{
        _cleanup_(cJSON_Deletep) cJSON *o = cJSON_CreateObject();
        for (size_t i = 0; o && i < request->args_count; i++) {
                const char *arg = request->args[i];
                _cleanup_(freep) char *name = strndup(arg, strcspn(arg, "="));
                const char *value = strchr(arg, '=');
                if (!name || !cJSON_AddStringToObject(o, name, value ? value + 1 : ""))
                        return NULL;
        }
        return TAKE_PTR(o);
}

/* Reads what is told of a file. false: the call is answered. */
static bool read_body(const ApiCall *call, const Table *table, const cJSON *json, void *out)
{
        CodecError error;
        int r = json ? codec_decode(table, rules, json, out, &error) : -ENOMEM;
        if (r == -EBADMSG)
                exchange_problem(call->x, 400, error.text);
        else if (r < 0)
                api_out_of_memory(call->x);
        return r == 0;
}

static void add_upload(const ApiCall *call, Upload *upload, int error)
{
        _cleanup_(firmware_freep) Firmware *firmware = malloc(sizeof(*firmware));
        int64_t id = 0;
        if (!firmware) {
                api_out_of_memory(call->x);
                return;
        }
        *firmware = (Firmware)FIRMWARE_INIT;
        _cleanup_(cJSON_Deletep) cJSON *json = query_as_object(call->request);
        if (!read_body(call, &upload_table, json, firmware))
                return;
        int r = error ? error : upload_name_valid(firmware->name) ? 0 : -EINVAL;
        if (r == 0)
                r = firmware_add_upload(call->service->firmware, upload, firmware, &id);
        if (r == 0) {
                answer_when_inspected(call, id);
                return;
        }
        const UploadRefusal *refusal = upload_refusal(r);
        log_warning_errno(r, "An upload of firmware failed");
        exchange_problem(call->x, refusal->status, refusal->sentence);
}

/* A sentence if it can't be; *name is made of the URL where it was not given. */
static const char *url_objection(Firmware *firmware)
{
        FileDigest digest;
        if (!firmware_url_valid(firmware->url))
                return "url must be one of http, https, ftp, ftps or sftp.";
        if (firmware->sha256 && !firmware_digest(firmware, &digest))
                return "sha256 must be 64 hex digits.";
        if (firmware->name)
                return upload_name_valid(firmware->name) ? NULL : upload_refusal(-EINVAL)->sentence;
        _cleanup_(freep) char *path = strndup(firmware->url, strcspn(firmware->url, "?#"));
        const char *name = path ? strrchr(path, '/') + 1 : "";
        firmware->name = strdup(upload_name_valid(name) ? name : "firmware");
        return firmware->name ? NULL : "Out of memory.";
}

static void add_url(const ApiCall *call)
{
        _cleanup_(firmware_freep) Firmware *firmware = malloc(sizeof(*firmware));
        int64_t id = 0;
        if (!firmware) {
                api_out_of_memory(call->x);
                return;
        }
        *firmware = (Firmware)FIRMWARE_INIT;
        if (!read_body(call, &url_table, call->body, firmware))
                return;
        const char *sentence = url_objection(firmware);
        if (sentence) {
                exchange_problem(call->x, 400, sentence);
                return;
        }
        int r = firmware_add_url(call->service->firmware, firmware, &id);
        if (r < 0)
                fail(call, r);
        else
                describe(call, 201, id);
}

static void upload_firmware(const ApiCall *call)
{
        int error = 0;
        Upload *upload = exchange_upload(call->x, &error);
        if (upload)
                add_upload(call, upload, error);
        else
                exchange_problem(call->x, 415,
                                 "The body must be the file itself; of one that lies elsewhere "
                                 "/api/firmware/elsewhere is told.");
}

static void erase(char *text)
{
        if (text)
                explicit_bzero(text, strlen(text));
}

/* The private key, wherever it was copied to but the request's body, which erases itself. */
static void erase_secrets(const ApiCall *call, Signing *signing)
{
        static const char *const secrets[] = {"key", "passphrase"};
        for (size_t i = 0; i < ELEMENTSOF(secrets); i++) {
                const cJSON *item = cJSON_GetObjectItemCaseSensitive(call->body, secrets[i]);
                if (cJSON_IsString(item))
                        erase(item->valuestring);
        }
        erase(signing->key);
        erase(signing->passphrase);
}

static const char *signing_objection(const Signing *signing)
{
        bool brought = signing->signature;
        if (brought && (signing->key || signing->passphrase || signing->scheme))
                return "Either a signature is brought along, or a key and a scheme to make one.";
        if (!brought && (!signing->key || !signing->scheme))
                return "It takes a certificate and a signature, or a certificate, a key and a "
                       "scheme.";
        if (!brought && sign_scheme_from_string(signing->scheme) < 0)
                return "scheme must be pss, pkcs1 or ecdsa.";
        return NULL;
}

/* Makes the signature, or checks the one that was brought along. 0; -EINVAL and *ret_sentence;
 * -ENOMEM. */
static int make_or_check(Signing *signing, const FileDigest *digest, SignScheme *ret_scheme,
                         const char **ret_sentence)
{
        if (signing->signature)
                return sign_check(signing->certificate, signing->signature, digest, ret_scheme,
                                  ret_sentence);
        *ret_scheme = sign_scheme_from_string(signing->scheme);
        return sign_make(&(SignOrder){.scheme = *ret_scheme,
                                      .key = signing->key,
                                      .passphrase = signing->passphrase,
                                      .certificate = signing->certificate},
                         digest, &signing->signature, ret_sentence);
}

static void sign_one(const ApiCall *call, Firmware *firmware, Signing *signing)
{
        FirmwareStore *store = call->service->firmware;
        const char *sentence = signing_objection(signing);
        SignScheme scheme = SIGN_SCHEME_INVALID;
        FileDigest digest;
        if (sentence) {
                exchange_problem(call->x, 400, sentence);
                return;
        }
        if (firmware_presence(store, firmware) == FIRMWARE_MISSING) {
                exchange_problem(call->x, 409, "The file has gone from the disk.");
                return;
        }
        if (!firmware_digest(firmware, &digest)) {
                exchange_problem(call->x, 409,
                                 "The file lies elsewhere, and its sha256 was not told.");
                return;
        }
        int r = make_or_check(signing, &digest, &scheme, &sentence);
        if (r == 0)
                r = firmware_set_signature(store, firmware, scheme, signing->certificate,
                                           signing->signature);
        if (r == -EINVAL && sentence)
                exchange_problem(call->x, 400, sentence);
        else if (r < 0)
                fail(call, r);
        else
                exchange_reply_json(call->x, 200, firmware_describe(store, firmware));
}

static void sign_firmware(const ApiCall *call)
{
        Signing signing = {0};
        _cleanup_(firmware_freep) Firmware *firmware = find(call);
        if (firmware && read_body(call, &signing_table, call->body, &signing))
                sign_one(call, firmware, &signing);
        erase_secrets(call, &signing);
        codec_done(&signing_table, &signing);
}

static void delete_firmware(const ApiCall *call)
{
        _cleanup_(firmware_freep) Firmware *firmware = find(call);
        _cleanup_(freep) char *who = NULL;
        if (!firmware)
                return;
        int r = firmware_delete(call->service->firmware, firmware, &who);
        if (r == -EBUSY) {
                _cleanup_(freep) char *sentence =
                        str_printf("The firmware is still needed: by %s.", strempty(who));
                exchange_problem(call->x, 409, sentence ? sentence : "It is still needed.");
        } else if (r < 0) {
                fail(call, r);
        } else {
                exchange_reply(call->x, 204, NULL, NULL);
        }
}

/* clang-format off */
const Route api_firmware_routes[] = {
        { HTTP_GET,    "/api/firmware",           "listFirmware",   ROLE_READ,     0,        list_firmware,   "limit,after" },
        { HTTP_POST,   "/api/firmware",           "uploadFirmware", ROLE_OPERATOR, 0,        upload_firmware, "name,version,compatible,description,build" },
        { HTTP_POST,   "/api/firmware/elsewhere", "addFirmware",    ROLE_OPERATOR, API_JSON, add_url,         NULL },
        { HTTP_GET,    "/api/firmware/{id}",      "getFirmware",    ROLE_READ,     0,        get_firmware,    NULL },
        { HTTP_DELETE, "/api/firmware/{id}",      "deleteFirmware", ROLE_OPERATOR, 0,        delete_firmware, NULL },
        { HTTP_POST,   "/api/firmware/{id}/sign", "signFirmware",   ROLE_OPERATOR, API_JSON, sign_firmware,   NULL },
        { 0 },
};
/* clang-format on */
