/* Words for logs, the store and D-Bus. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "messages.h"

static void messages_statuses_come_back_from_their_words(_unused_ void **state)
{
        for (int s = FW_NONE; s < FW_STATUS_MAX; s++) {
                const char *word = firmware_status_to_string((FirmwareStatus)s);

                assert_string_not_equal(word, "?");
                assert_int_equal(firmware_status_from_string(word), s);
        }
        assert_int_equal(firmware_status_from_string("?"), FW_NONE);
        assert_int_equal(firmware_status_from_string("installed"), FW_NONE);
        assert_int_equal(firmware_status_from_string(NULL), FW_NONE);
}

static void messages_final_is_installed_and_every_failure(_unused_ void **state)
{
        static const char *const finals[] = {"DownloadFailed", "InvalidSignature",
                                             "InstallVerificationFailed", "InstallationFailed",
                                             "Installed"};
        size_t count = 0;

        for (size_t i = 0; i < ELEMENTSOF(finals); i++)
                assert_true(firmware_status_is_final(firmware_status_from_string(finals[i])));
        for (int s = FW_NONE; s <= FW_STATUS_MAX; s++)
                count += firmware_status_is_final((FirmwareStatus)s);
        assert_int_equal(count, ELEMENTSOF(finals));
}

static void messages_log_words_come_back(_unused_ void **state)
{
        for (int s = LOG_STATUS_NONE; s < LOG_STATUS_MAX; s++) {
                const char *word = log_status_to_string((LogStatus)s);

                assert_string_not_equal(word, "?");
                assert_int_equal(log_status_from_string(word), s);
                assert_int_equal(log_status_is_final((LogStatus)s),
                                 s != LOG_STATUS_NONE && s != LOG_STATUS_IDLE &&
                                         s != LOG_STATUS_UPLOADING);
        }
        assert_false(log_status_is_final(LOG_STATUS_MAX));
        assert_int_equal(log_status_from_string("?"), LOG_STATUS_NONE);
        assert_int_equal(log_status_from_string(NULL), LOG_STATUS_NONE);
        for (int k = 0; k < LOGS_KIND_MAX; k++)
                assert_int_equal(logs_kind_from_string(logs_kind_to_string((LogsKind)k)), k);
        assert_int_equal(logs_kind_from_string(NULL), LOGS_DIAGNOSTICS);
}

static void messages_every_value_has_its_own_word(_unused_ void **state)
{
        for (int i = 0; i < SECURITY_EVENT_MAX; i++)
                assert_string_not_equal(security_event_to_string((SecurityEventType)i), "?");
        for (int i = 0; i < VERDICT_MAX; i++)
                assert_string_not_equal(update_verdict_to_string((UpdateVerdict)i), "?");
        assert_string_equal(security_event_to_string(SECURITY_FAILED_TO_AUTHENTICATE),
                            "FailedToAuthenticateAtCsms");
        assert_string_equal(update_verdict_to_string(VERDICT_REVOKED_CERTIFICATE),
                            "RevokedCertificate");
}

static void messages_values_outside_are_a_question_mark(_unused_ void **state)
{
        assert_string_equal(firmware_status_to_string(FW_STATUS_MAX), "?");
        assert_string_equal(firmware_status_to_string((FirmwareStatus)-1), "?");
        assert_string_equal(security_event_to_string(SECURITY_EVENT_MAX), "?");
        assert_string_equal(update_verdict_to_string(VERDICT_MAX), "?");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(messages_statuses_come_back_from_their_words),
                cmocka_unit_test(messages_final_is_installed_and_every_failure),
                cmocka_unit_test(messages_log_words_come_back),
                cmocka_unit_test(messages_every_value_has_its_own_word),
                cmocka_unit_test(messages_values_outside_are_a_question_mark),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
