/* Words for logs, the store and D-Bus: see messages.h. What goes over the wire stands in the
 * dialects' own tables. */
#include "messages.h"

/* clang-format off */
static const char *const firmware_words[FW_STATUS_MAX] = {
        [FW_NONE]                        = "None", /* never on the wire */
        [FW_IDLE]                        = "Idle",
        [FW_DOWNLOAD_SCHEDULED]          = "DownloadScheduled",
        [FW_DOWNLOADING]                 = "Downloading",
        [FW_DOWNLOAD_PAUSED]             = "DownloadPaused",
        [FW_DOWNLOADED]                  = "Downloaded",
        [FW_DOWNLOAD_FAILED]             = "DownloadFailed",
        [FW_SIGNATURE_VERIFIED]          = "SignatureVerified",
        [FW_INVALID_SIGNATURE]           = "InvalidSignature",
        [FW_INSTALL_SCHEDULED]           = "InstallScheduled",
        [FW_INSTALLING]                  = "Installing",
        [FW_INSTALL_REBOOTING]           = "InstallRebooting",
        [FW_INSTALL_VERIFICATION_FAILED] = "InstallVerificationFailed",
        [FW_INSTALLATION_FAILED]         = "InstallationFailed",
        [FW_INSTALLED]                   = "Installed",
};

/* End states of FirmwareStatusEnumType: one success, every failure. */
static const bool firmware_finals[FW_STATUS_MAX] = {
        [FW_DOWNLOAD_FAILED]             = true,
        [FW_INVALID_SIGNATURE]           = true,
        [FW_INSTALL_VERIFICATION_FAILED] = true,
        [FW_INSTALLATION_FAILED]         = true,
        [FW_INSTALLED]                   = true,
};

static const char *const security_words[SECURITY_EVENT_MAX] = {
        [SECURITY_FIRMWARE_UPDATED]                     = "FirmwareUpdated",
        [SECURITY_INVALID_FIRMWARE_SIGNATURE]           = "InvalidFirmwareSignature",
        [SECURITY_INVALID_FIRMWARE_SIGNING_CERTIFICATE] = "InvalidFirmwareSigningCertificate",
        [SECURITY_FAILED_TO_AUTHENTICATE]               = "FailedToAuthenticateAtCsms",
        [SECURITY_INVALID_CSMS_CERTIFICATE]             = "InvalidCsmsCertificate",
        [SECURITY_INVALID_TLS_VERSION]                  = "InvalidTLSVersion",
        [SECURITY_INVALID_TLS_CIPHER_SUITE]             = "InvalidTLSCipherSuite",
        [SECURITY_PARAMETERS_RECONFIGURED]              = "ReconfigurationOfSecurityParameters",
        [SECURITY_STARTUP]                              = "StartupOfTheDevice",
        [SECURITY_RESET_OR_REBOOT]                      = "ResetOrReboot",
};

static const char *const verdict_words[VERDICT_MAX] = {
        [VERDICT_ACCEPTED]            = "Accepted",
        [VERDICT_REJECTED]            = "Rejected",
        [VERDICT_ACCEPTED_CANCELED]   = "AcceptedCanceled",
        [VERDICT_INVALID_CERTIFICATE] = "InvalidCertificate",
        [VERDICT_REVOKED_CERTIFICATE] = "RevokedCertificate",
};

static const char *const log_words[LOG_STATUS_MAX] = {
        [LOG_STATUS_NONE]                    = "None", /* never on the wire */
        [LOG_STATUS_IDLE]                    = "Idle",
        [LOG_STATUS_UPLOADING]               = "Uploading",
        [LOG_STATUS_UPLOADED]                = "Uploaded",
        [LOG_STATUS_UPLOAD_FAILURE]          = "UploadFailure",
        [LOG_STATUS_PERMISSION_DENIED]       = "PermissionDenied",
        [LOG_STATUS_BAD_MESSAGE]             = "BadMessage",
        [LOG_STATUS_NOT_SUPPORTED_OPERATION] = "NotSupportedOperation",
        [LOG_STATUS_ACCEPTED_CANCELED]       = "AcceptedCanceled",
};

/* Part of the file's name, too. */
static const char *const kind_words[LOGS_KIND_MAX] = {
        [LOGS_DIAGNOSTICS]    = "diagnostics",
        [LOGS_SECURITY]       = "security",
        [LOGS_DATA_COLLECTOR] = "data-collector",
};
/* clang-format on */

static const char *word_of(const char *const *words, size_t count, int value)
{
        if (value < 0 || (size_t)value >= count || !words[value])
                return "?";
        return words[value];
}

const char *firmware_status_to_string(FirmwareStatus s)
{
        return word_of(firmware_words, ELEMENTSOF(firmware_words), (int)s);
}

/* The first value, which stands for nothing, for words that are none. */
static int value_of(const char *const *words, int count, const char *s)
{
        for (int i = 0; i < count; i++)
                if (str_equal(words[i], s))
                        return i;
        return 0;
}

FirmwareStatus firmware_status_from_string(const char *s)
{
        return (FirmwareStatus)value_of(firmware_words, FW_STATUS_MAX, s);
}

LogStatus log_status_from_string(const char *s)
{
        return (LogStatus)value_of(log_words, LOG_STATUS_MAX, s);
}

LogsKind logs_kind_from_string(const char *s)
{
        return (LogsKind)value_of(kind_words, LOGS_KIND_MAX, s);
}

bool firmware_status_is_final(FirmwareStatus s)
{
        return (size_t)s < ELEMENTSOF(firmware_finals) && firmware_finals[s];
}

const char *security_event_to_string(SecurityEventType t)
{
        return word_of(security_words, ELEMENTSOF(security_words), (int)t);
}

const char *update_verdict_to_string(UpdateVerdict v)
{
        return word_of(verdict_words, ELEMENTSOF(verdict_words), (int)v);
}

const char *log_status_to_string(LogStatus s)
{
        return word_of(log_words, ELEMENTSOF(log_words), (int)s);
}

const char *logs_kind_to_string(LogsKind k)
{
        return word_of(kind_words, ELEMENTSOF(kind_words), (int)k);
}

bool firmware_status_is_failure(FirmwareStatus s)
{
        return firmware_status_is_final(s) && s != FW_INSTALLED;
}

bool log_status_is_final(LogStatus s)
{
        return s > LOG_STATUS_UPLOADING && s < LOG_STATUS_MAX;
}

bool log_status_is_failure(LogStatus s)
{
        return log_status_is_final(s) && s != LOG_STATUS_UPLOADED &&
               s != LOG_STATUS_ACCEPTED_CANCELED;
}
