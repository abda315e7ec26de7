/* Look-ups in a dialect's tables: see dialect.h. */
#include <strings.h>

#include "dialect.h"

/* clang-format off */
/* Both spellings of all versions: OCPP-J 1.6 keeps its two misspelt words on the wire (errata 5.1,
 * 5.2), peers mix them. */
static const struct {
        const char *word;
        RpcErrorCode code;
} error_words[] = {
        { "NotImplemented",                RPC_NOT_IMPLEMENTED                 },
        { "NotSupported",                  RPC_NOT_SUPPORTED                   },
        { "InternalError",                 RPC_INTERNAL_ERROR                  },
        { "ProtocolError",                 RPC_PROTOCOL_ERROR                  },
        { "SecurityError",                 RPC_SECURITY_ERROR                  },
        { "FormatViolation",               RPC_FORMAT_VIOLATION                },
        { "FormationViolation",            RPC_FORMAT_VIOLATION                },
        { "PropertyConstraintViolation",   RPC_PROPERTY_CONSTRAINT_VIOLATION   },
        { "OccurrenceConstraintViolation", RPC_OCCURRENCE_CONSTRAINT_VIOLATION },
        { "OccurenceConstraintViolation",  RPC_OCCURRENCE_CONSTRAINT_VIOLATION },
        { "TypeConstraintViolation",       RPC_TYPE_CONSTRAINT_VIOLATION       },
        { "GenericError",                  RPC_GENERIC_ERROR                   },
        { "RpcFrameworkError",             RPC_FRAMEWORK_ERROR                 },
        { "MessageTypeNotSupported",       RPC_MESSAGE_TYPE_NOT_SUPPORTED      },
};
/* clang-format on */

const Incoming *dialect_find_incoming(const Dialect *d, const char *action)
{
        for (; d; d = d->base)
                for (size_t i = 0; i < d->own_incoming_count; i++)
                        if (str_equal(d->own_incoming[i].action, action))
                                return &d->own_incoming[i];
        return NULL;
}

const ConfigurationKey *dialect_find_key(const Dialect *d, const char *key)
{
        for (size_t i = 0; i < d->key_count; i++)
                if (strcasecmp(d->keys[i].key, key) == 0)
                        return &d->keys[i];
        return NULL;
}

const char *dialect_action(const Dialect *d, IncomingKind kind)
{
        for (; d; d = d->base)
                for (size_t i = 0; i < d->own_incoming_count; i++)
                        if (d->own_incoming[i].kind == kind)
                                return d->own_incoming[i].action;
        return NULL;
}

const Outgoing *dialect_outgoing(const Dialect *d, OutgoingKind kind)
{
        while (!d->own_outgoing[kind].action && d->base)
                d = d->base;
        return &d->own_outgoing[kind];
}

RpcErrorCode rpc_error_from_word(const char *word)
{
        for (size_t i = 0; i < ELEMENTSOF(error_words); i++)
                if (str_equal(error_words[i].word, word))
                        return error_words[i].code;
        return RPC_GENERIC_ERROR;
}

RpcErrorCode rpc_error_from_violation(CodecViolation v)
{
        switch (v) {
        case CODEC_MISSING:
        case CODEC_COUNT:
        case CODEC_UNKNOWN: /* may occur zero times, or once: the same kind of fault */
                return RPC_OCCURRENCE_CONSTRAINT_VIOLATION;
        case CODEC_TYPE:
                return RPC_TYPE_CONSTRAINT_VIOLATION;
        case CODEC_CONSTRAINT:
                return RPC_PROPERTY_CONSTRAINT_VIOLATION;
        case CODEC_FINE:
                break;
        }
        return RPC_GENERIC_ERROR;
}

OutgoingKind dialect_firmware_kind(const Dialect *d, bool plain)
{
        OutgoingKind wanted = plain ? OUT_FIRMWARE_STATUS_PLAIN : OUT_FIRMWARE_STATUS;
        OutgoingKind other = plain ? OUT_FIRMWARE_STATUS : OUT_FIRMWARE_STATUS_PLAIN;

        return dialect_outgoing(d, wanted)->action ? wanted : other;
}

FirmwareStatus dialect_firmware_word(const Dialect *d, bool plain, FirmwareStatus status)
{
        OutgoingKind kind = dialect_firmware_kind(d, plain);
        const uint8_t *words = kind == OUT_FIRMWARE_STATUS_PLAIN ? d->plain_words : d->signed_words;

        if (!words || (size_t)status >= FW_STATUS_MAX)
                return FW_NONE;
        return (FirmwareStatus)words[status];
}

OutgoingKind dialect_log_kind(const Dialect *d, bool plain)
{
        return plain && dialect_outgoing(d, OUT_DIAGNOSTICS_STATUS)->action ? OUT_DIAGNOSTICS_STATUS
                                                                            : OUT_LOG_STATUS;
}

LogStatus dialect_log_status(const Dialect *d, bool plain, LogStatus status)
{
        bool core = dialect_log_kind(d, plain) == OUT_DIAGNOSTICS_STATUS;
        const uint8_t *statuses = core ? d->diagnostics_statuses : d->log_statuses;

        return (size_t)status < LOG_STATUS_MAX ? (LogStatus)statuses[status] : LOG_STATUS_NONE;
}
