/* Variables and their names: what the specifications require of 1.6's keys, words of the official
 * schemas, and the table in docs/interfaces.md. */
#include "doc-table.h"
#include "json.h"
#include "ocpp16.h"

#define SCHEMA_FILE_MAX (16U << 20)
#define SCHEMAS "node_modules/ocpp-rpc/lib/schemas/"

/* clang-format off */
/* C16 9.1 (those that are required), C16E 3.88, J16, WP3 7. */
static const struct { const char *key; VarType type; VarAccess access; } required[] = {
        { "AuthorizeRemoteTxRequests",         VAR_BOOLEAN,     VAR_READ_WRITE },
        { "ClockAlignedDataInterval",          VAR_INTEGER,     VAR_READ_WRITE },
        { "ConnectionTimeOut",                 VAR_INTEGER,     VAR_READ_WRITE },
        { "ConnectorPhaseRotation",            VAR_MEMBER_LIST, VAR_READ_WRITE },
        { "GetConfigurationMaxKeys",           VAR_INTEGER,     VAR_READ_ONLY  },
        { "HeartbeatInterval",                 VAR_INTEGER,     VAR_READ_WRITE },
        { "LocalAuthorizeOffline",             VAR_BOOLEAN,     VAR_READ_WRITE },
        { "LocalPreAuthorize",                 VAR_BOOLEAN,     VAR_READ_WRITE },
        { "MeterValuesAlignedData",            VAR_MEMBER_LIST, VAR_READ_WRITE },
        { "MeterValuesSampledData",            VAR_MEMBER_LIST, VAR_READ_WRITE },
        { "MeterValueSampleInterval",          VAR_INTEGER,     VAR_READ_WRITE },
        { "NumberOfConnectors",                VAR_INTEGER,     VAR_READ_ONLY  },
        { "ResetRetries",                      VAR_INTEGER,     VAR_READ_WRITE },
        { "StopTransactionOnEVSideDisconnect", VAR_BOOLEAN,     VAR_READ_WRITE },
        { "StopTransactionOnInvalidId",        VAR_BOOLEAN,     VAR_READ_WRITE },
        { "StopTxnAlignedData",                VAR_MEMBER_LIST, VAR_READ_WRITE },
        { "StopTxnSampledData",                VAR_MEMBER_LIST, VAR_READ_WRITE },
        { "SupportedFeatureProfiles",          VAR_MEMBER_LIST, VAR_READ_ONLY  },
        { "TransactionMessageAttempts",        VAR_INTEGER,     VAR_READ_WRITE },
        { "TransactionMessageRetryInterval",   VAR_INTEGER,     VAR_READ_WRITE },
        { "UnlockConnectorOnEVSideDisconnect", VAR_BOOLEAN,     VAR_READ_WRITE },
        { "WebSocketPingInterval",             VAR_INTEGER,     VAR_READ_WRITE },
        { "SupportedFileTransferProtocols",    VAR_MEMBER_LIST, VAR_READ_ONLY  },
        { "AdditionalRootCertificateCheck",    VAR_BOOLEAN,     VAR_READ_ONLY  },
        { "AuthorizationKey",                  VAR_STRING,      VAR_WRITE_ONLY },
        { "CertificateSignedMaxChainSize",     VAR_INTEGER,     VAR_READ_ONLY  },
        { "CertificateStoreMaxLength",         VAR_INTEGER,     VAR_READ_ONLY  },
        { "CpoName",                           VAR_STRING,      VAR_READ_WRITE },
        { "SecurityProfile",                   VAR_INTEGER,     VAR_READ_ONLY  }, /* changes: not yet */
};
/* clang-format on */

static void keys_are_those_of_the_specification(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(required); i++) {
                const ConfigurationKey *key = dialect_find_key(&ocpp16, required[i].key);

                if (!key || !streq(key->key, required[i].key))
                        fail_msg("no key %s", required[i].key);
                if (key && (var_rules[key->id].type != required[i].type ||
                            var_rules[key->id].access != required[i].access))
                        fail_msg("%s is of another type or access", required[i].key);
        }
}

/* What one GetConfiguration may ask for is what the table of the message allows. */
static void keys_asked_are_as_many_as_is_told(void **state)
{
        const Table *t = dialect_find_incoming(&ocpp16, "GetConfiguration")->request;
        _cleanup_(freep) char *most = str_printf("%zu", t->fields[0].list->max);

        (void)state;
        assert_string_equal(most, var_rules[VAR_CONFIGURATION_MAX_KEYS].initial);
        assert_true(ocpp16.key_count <= t->fields[0].list->max);
}

/* ---- words ---- */

/* The first enum in the tree that has this word. */
static const cJSON *enum_with(const cJSON *tree, const char *word)
{
        const cJSON *child, *found = NULL;

        cJSON_ArrayForEach (child, tree) {
                if (str_equal(tree->string, "enum") && str_equal(child->valuestring, word))
                        return tree;
                if (!found)
                        found = enum_with(child, word);
        }
        return found;
}

static bool has_word(const char *list, const char *word)
{
        size_t n = strlen(word);

        for (const char *p = list; *p; p += strcspn(p, ","), p += *p == ',')
                if (strcspn(p, ",") == n && memcmp(p, word, n) == 0)
                        return true;
        return false;
}

static void check_words(const char *file, const char *message, const char *known, VarId id)
{
        _cleanup_(freep) char *path = str_printf("%s/" SCHEMAS "%s", getenv("SOURCE_DIR"), file);
        _cleanup_(freep) char *text = NULL;
        size_t size = 0, words = 0;
        cJSON *json, *schema;
        const cJSON *word;

        if (file_read(path, SCHEMA_FILE_MAX, &text, &size) < 0)
                fail_msg("no schemas to compare with at %s: run ./dev setup", path);
        json = cJSON_ParseWithLength(text, size);
        cJSON_ArrayForEach (schema, json) {
                if (!str_equal(cJSON_GetStringValue(cJSON_GetObjectItem(schema, "$id")), message))
                        continue;
                cJSON_ArrayForEach (word, enum_with(schema, known)) {
                        words++;
                        if (!has_word(var_rules[id].values, word->valuestring))
                                fail_msg("%s lacks %s", var_rules[id].name, word->valuestring);
                }
        }
        assert_true(words > 1);
        cJSON_Delete(json);
}

/* Each measurand that a version can say may be asked for. */
static void measurands_are_those_of_the_schemas(void **state)
{
        (void)state;
        check_words("ocpp1_6.json", "urn:MeterValues.req", "Voltage", VAR_SAMPLED_MEASURANDS);
        check_words("ocpp2_0_1.json", "urn:MeterValues.req", "Voltage", VAR_SAMPLED_MEASURANDS);
}

/* ---- the manual ---- */

static const char *key_of(VarId id)
{
        for (size_t i = 0; i < ocpp16.key_count; i++)
                if (ocpp16.keys[i].id == id)
                        return ocpp16.keys[i].key;
        return "–";
}

static void variables_are_told_in_the_manual(void **state)
{
        static const char *const access[VAR_ACCESS_MAX] = {
                [VAR_READ_ONLY] = "R", [VAR_READ_WRITE] = "RW", [VAR_WRITE_ONLY] = "W"};
        _cleanup_(freep) char *text = doc_read("docs/interfaces.md");
        const char *row = doc_table(text, "| 1.6 key | 2.x name | access | what it does |");

        (void)state;
        for (VarId id = 0; id < VAR_MAX; id++) {
                const VarRule *rule = &var_rules[id];
                _cleanup_(freep) char *cells = str_printf("| %s | %s | %s | ", key_of(id),
                                                          rule->name, access[rule->access]);

                row = doc_row(row, cells);
        }
        doc_end(row);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(keys_are_those_of_the_specification),
                cmocka_unit_test(keys_asked_are_as_many_as_is_told),
                cmocka_unit_test(measurands_are_those_of_the_schemas),
                cmocka_unit_test(variables_are_told_in_the_manual),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
