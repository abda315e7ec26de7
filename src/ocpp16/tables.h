/* The tables of OCPP 1.6, a file a topic; what each message is for stands in core/messages.h. */
#pragma once

#include "dialect.h"

/* station.c */
extern const EnumTable ocpp16_security_words;
extern const Table ocpp16_trigger;
extern const Table ocpp16_extended;
extern const Table ocpp16_trigger_answer;
extern const Table ocpp16_extended_answer;
extern const Table ocpp16_boot;
extern const Table ocpp16_boot_answer;
extern const Table ocpp16_heartbeat;
extern const Table ocpp16_heartbeat_answer;
extern const Table ocpp16_status;
extern const Table ocpp16_status_answer;
extern const Table ocpp16_security;
extern const Table ocpp16_security_answer;

/* certificates.c */
extern const Table ocpp16_install;
extern const Table ocpp16_install_answer;
extern const Table ocpp16_roots;
extern const Table ocpp16_roots_answer;
extern const Table ocpp16_delete;
extern const Table ocpp16_delete_answer;

/* firmware.c */
extern const Table ocpp16_signed_update;
extern const Table ocpp16_signed_update_answer;
extern const Table ocpp16_update;
extern const Table ocpp16_update_answer;
extern const Table ocpp16_get_log;
extern const Table ocpp16_get_log_answer;
extern const Table ocpp16_diagnostics_request;
extern const Table ocpp16_diagnostics_answer;
extern const Table ocpp16_signed_status;
extern const Table ocpp16_signed_status_answer;
extern const Table ocpp16_plain_status;
extern const Table ocpp16_plain_status_answer;
extern const Table ocpp16_log_status;
extern const Table ocpp16_log_status_answer;
extern const Table ocpp16_diagnostics_status;
extern const Table ocpp16_diagnostics_status_answer;

/* configuration.c */
extern const ConfigurationKey ocpp16_keys[34];
extern const Table ocpp16_get_configuration;
extern const Table ocpp16_get_configuration_answer;
extern const Table ocpp16_change_configuration;
extern const Table ocpp16_change_configuration_answer;

/* availability.c */
extern const Table ocpp16_reset;
extern const Table ocpp16_reset_answer;
extern const Table ocpp16_change_availability;
extern const Table ocpp16_change_availability_answer;

/* refusals.c */
extern const FixedAnswer ocpp16_refused;
extern const FixedAnswer ocpp16_no_list;
extern const Table ocpp16_remote_start;
extern const Table ocpp16_remote_start_answer;
extern const Table ocpp16_remote_stop;
extern const Table ocpp16_remote_stop_answer;
extern const Table ocpp16_clear_cache;
extern const Table ocpp16_clear_cache_answer;
extern const Table ocpp16_certificate_signed;
extern const Table ocpp16_certificate_signed_answer;
extern const Table ocpp16_unlock;
extern const Table ocpp16_unlock_answer;
extern const Table ocpp16_list_version;
extern const Table ocpp16_list_version_answer;
extern const Table ocpp16_send_list;
extern const Table ocpp16_send_list_answer;
extern const Table ocpp16_data_transfer;
extern const Table ocpp16_data_transfer_answer;
