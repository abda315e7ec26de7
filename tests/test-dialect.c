/* The look-ups in a dialect's tables, and the words of messages.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ocpp16.h"
#include "ocpp201.h"

static void dialect_finds_actions_by_exact_name(_unused_ void **state)
{
        assert_int_equal(dialect_find_incoming(&ocpp16, "SignedUpdateFirmware")->kind,
                         IN_UPDATE_SIGNED);
        assert_int_equal(dialect_find_incoming(&ocpp16, "UpdateFirmware")->kind, IN_UPDATE_PLAIN);
        assert_int_equal(dialect_find_incoming(&ocpp201, "UpdateFirmware")->kind, IN_UPDATE_SIGNED);
        assert_int_equal(dialect_find_incoming(&ocpp16, "ReserveNow")->kind, IN_UNSUPPORTED);
        assert_null(dialect_find_incoming(&ocpp201, "SignedUpdateFirmware"));
        assert_null(dialect_find_incoming(&ocpp16, "updateFirmware"));
        assert_null(dialect_find_incoming(&ocpp16, "UpdateFirmwareRequest"));
        assert_null(dialect_find_incoming(&ocpp16, ""));
        /* what only the station sends is not for the CSMS to call */
        assert_null(dialect_find_incoming(&ocpp201, "BootNotification"));
}

/* What 2.0.1 serves is served in 2.1, by the same line but for what has tables of its own. */
static void dialect_overlay_falls_back_to_its_base(_unused_ void **state)
{
        for (size_t i = 0; i < ocpp201.own_incoming_count; i++) {
                const Incoming *base = &ocpp201.own_incoming[i];
                const Incoming *in = dialect_find_incoming(&ocpp21, base->action);

                assert_int_equal(in->kind, base->kind);
                assert_int_equal(in != base, in->kind == IN_NETWORK);
        }
        assert_int_equal(dialect_find_incoming(&ocpp21, "GetTariffs")->kind, IN_UNSUPPORTED);
        assert_null(dialect_find_incoming(&ocpp201, "GetTariffs"));
        assert_null(dialect_find_incoming(&ocpp21, "NotifyPeriodicEventStream"));
        assert_string_equal(dialect_action(&ocpp21, IN_UPDATE_SIGNED), "UpdateFirmware");
        assert_string_equal(dialect_action(&ocpp16, IN_UPDATE_SIGNED), "SignedUpdateFirmware");
        assert_null(dialect_action(&ocpp21, IN_UPDATE_PLAIN));
        for (size_t kind = 0; kind < OUTGOING_MAX; kind++) {
                const Outgoing *base = dialect_outgoing(&ocpp201, kind),
                               *out = dialect_outgoing(&ocpp21, kind);

                assert_true(str_equal(base->action, out->action));
                assert_int_equal(base != out,
                                 kind == OUT_FIRMWARE_STATUS || kind == OUT_LOG_STATUS);
        }
}

static void dialect_frames_by_version(_unused_ void **state)
{
        assert_string_equal(ocpp16.subprotocol, "ocpp1.6");
        assert_string_equal(ocpp201.subprotocol, "ocpp2.0.1");
        assert_false(ocpp16.frames.answer_unreadable || ocpp16.frames.answer_unknown_type ||
                     ocpp16.frames.rejected_gets_error);
        assert_true(ocpp201.frames.answer_unreadable && ocpp201.frames.answer_unknown_type &&
                    ocpp201.frames.rejected_gets_error);
        assert_string_equal(ocpp21.subprotocol, "ocpp2.1");
        assert_true(ocpp21.frames.answer_unreadable && ocpp21.frames.rejected_gets_error &&
                    ocpp21.frames.more_types);
        assert_false(ocpp21.frames.answer_unknown_type || ocpp201.frames.more_types ||
                     ocpp16.frames.more_types);
        assert_true(ocpp16.password_is_hex && ocpp16.connector_zero);
        assert_false(ocpp201.password_is_hex || ocpp201.connector_zero);
}

/* Entries that are served can be decoded and answered; the others name no table. */
static void dialect_entries_are_whole(_unused_ void **state)
{
        static const Dialect *const dialects[] = {&ocpp16, &ocpp201, &ocpp21};

        for (size_t k = 0; k < ELEMENTSOF(dialects); k++)
                for (size_t i = 0; i < dialects[k]->own_incoming_count; i++) {
                        const Incoming *in = &dialects[k]->own_incoming[i];

                        assert_int_equal(in->kind != IN_UNSUPPORTED, in->request != NULL);
                        assert_int_equal(in->kind != IN_UNSUPPORTED, in->answer != NULL);
                        assert_int_equal(in->kind == IN_FIXED, in->fixed != NULL);
                        for (size_t n = 0; in->fixed && in->request && n < in->request->count; n++)
                                assert_int_equal(in->request->fields[n].kind, FIELD_IGNORED);
                        assert_int_equal(in->kind == IN_TRIGGER,
                                         in->firmware_status != OUTGOING_MAX);
                        /* found by its name: none is there twice */
                        assert_ptr_equal(dialect_find_incoming(dialects[k], in->action), in);
                }
}

static void dialect_says_nothing_for_no_status(_unused_ void **state)
{
        assert_int_equal(dialect_firmware_word(&ocpp201, false, FW_NONE), FW_NONE);
        assert_int_equal(dialect_firmware_word(&ocpp16, true, FW_STATUS_MAX), FW_NONE);
        assert_int_equal(dialect_firmware_word(&ocpp16, true, (FirmwareStatus)4000), FW_NONE);
}

/* On the wire, by how the request came; NULL: nothing. */
static void dialect_log_statuses_have_their_words(_unused_ void **state)
{
        /* clang-format off */
        static const struct { LogStatus status; const char *core, *extension, *v201; } cases[] = {
                { LOG_STATUS_NONE,                    NULL,           NULL,                    NULL                    },
                { LOG_STATUS_IDLE,                    "Idle",         "Idle",                  "Idle"                  },
                { LOG_STATUS_UPLOADING,               "Uploading",    "Uploading",             "Uploading"             },
                { LOG_STATUS_UPLOADED,                "Uploaded",     "Uploaded",              "Uploaded"              },
                { LOG_STATUS_UPLOAD_FAILURE,          "UploadFailed", "UploadFailure",         "UploadFailure"         },
                { LOG_STATUS_PERMISSION_DENIED,       "UploadFailed", "PermissionDenied",      "PermissionDenied"      },
                { LOG_STATUS_BAD_MESSAGE,             "UploadFailed", "BadMessage",            "BadMessage"            },
                { LOG_STATUS_NOT_SUPPORTED_OPERATION, "UploadFailed", "NotSupportedOperation", "NotSupportedOperation" },
                { LOG_STATUS_ACCEPTED_CANCELED,       NULL,           NULL,                    "AcceptedCanceled"      },
                { LOG_STATUS_MAX,                     NULL,           NULL,                    NULL                    },
        };
        static const struct { const Dialect *dialect; bool plain; size_t word; } ways[] = {
                { &ocpp16,  true,  offsetof(__typeof__(cases[0]), core)      },
                { &ocpp16,  false, offsetof(__typeof__(cases[0]), extension) },
                { &ocpp201, true,  offsetof(__typeof__(cases[0]), v201)      },
                { &ocpp201, false, offsetof(__typeof__(cases[0]), v201)      },
                { &ocpp21,  true,  offsetof(__typeof__(cases[0]), v201)      },
                { &ocpp21,  false, offsetof(__typeof__(cases[0]), v201)      },
        };
        /* clang-format on */

        for (size_t w = 0; w < ELEMENTSOF(ways); w++)
                for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                        const Dialect *d = ways[w].dialect;
                        OutgoingKind kind = dialect_log_kind(d, ways[w].plain);
                        const Field *field = &dialect_outgoing(d, kind)->request->fields[0];
                        const char *wanted;
                        LogStatus s = dialect_log_status(d, ways[w].plain, cases[i].status);

                        memcpy(&wanted, (const char *)&cases[i] + ways[w].word, sizeof(wanted));
                        assert_string_equal(field->name, "status");
                        if (!str_equal(enum_to_word(field->names, (int)s), wanted))
                                fail_msg("%s: %s", d->name, log_status_to_string(cases[i].status));
                }
}

static void error_words_of_any_version(_unused_ void **state)
{
        /* clang-format off */
        static const struct { const char *word; RpcErrorCode code; } words[] = {
                { "FormationViolation",            RPC_FORMAT_VIOLATION                },
                { "FormatViolation",               RPC_FORMAT_VIOLATION                },
                { "OccurenceConstraintViolation",  RPC_OCCURRENCE_CONSTRAINT_VIOLATION },
                { "OccurrenceConstraintViolation", RPC_OCCURRENCE_CONSTRAINT_VIOLATION },
                { "InternalError",                 RPC_INTERNAL_ERROR                  },
                { "RpcFrameworkError",             RPC_FRAMEWORK_ERROR                 },
                { "internalerror",                 RPC_GENERIC_ERROR                   },
                { "Nonsense",                      RPC_GENERIC_ERROR                   },
                { "",                              RPC_GENERIC_ERROR                   },
                { NULL,                            RPC_GENERIC_ERROR                   },
        };
        /* clang-format on */

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                assert_int_equal(rpc_error_from_word(words[i].word), words[i].code);
}

static void violations_get_their_error(_unused_ void **state)
{
        assert_int_equal(rpc_error_from_violation(CODEC_MISSING),
                         RPC_OCCURRENCE_CONSTRAINT_VIOLATION);
        assert_int_equal(rpc_error_from_violation(CODEC_UNKNOWN),
                         RPC_OCCURRENCE_CONSTRAINT_VIOLATION);
        assert_int_equal(rpc_error_from_violation(CODEC_TYPE), RPC_TYPE_CONSTRAINT_VIOLATION);
        assert_int_equal(rpc_error_from_violation(CODEC_CONSTRAINT),
                         RPC_PROPERTY_CONSTRAINT_VIOLATION);
        assert_int_equal(rpc_error_from_violation(CODEC_FINE), RPC_GENERIC_ERROR);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(dialect_finds_actions_by_exact_name),
                cmocka_unit_test(dialect_overlay_falls_back_to_its_base),
                cmocka_unit_test(dialect_frames_by_version),
                cmocka_unit_test(dialect_entries_are_whole),
                cmocka_unit_test(dialect_says_nothing_for_no_status),
                cmocka_unit_test(dialect_log_statuses_have_their_words),
                cmocka_unit_test(error_words_of_any_version),
                cmocka_unit_test(violations_get_their_error),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
