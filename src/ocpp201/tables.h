/* The tables of OCPP 2.0.1 and of what 2.1 has otherwise, a file a topic; what each message is for
 * stands in core/messages.h. */
#pragma once

#include "dialect.h"

/* ocpp201.c */
extern const char *const ocpp201_errors[RPC_ERROR_MAX];
extern const uint8_t ocpp201_signed_words[FW_STATUS_MAX];
extern const uint8_t ocpp201_log_statuses[LOG_STATUS_MAX];

/* station.c */
extern const EnumTable ocpp21_trigger_words;
extern const EnumTable ocpp201_security_words;
extern const Table ocpp201_status_info;
extern const Table ocpp201_trigger;
extern const Table ocpp201_trigger_answer;
extern const Table ocpp201_boot;
extern const Table ocpp201_boot_answer;
extern const Table ocpp201_heartbeat;
extern const Table ocpp201_heartbeat_answer;
extern const Table ocpp201_status;
extern const Table ocpp201_status_answer;
extern const Table ocpp201_security;
extern const Table ocpp201_security_answer;

/* certificates.c */
extern const EnumTable ocpp21_install_use_words;
extern const EnumTable ocpp21_get_use_words;
extern const ListType ocpp21_uses;
extern const Table ocpp201_install;
extern const Table ocpp201_install_answer;
extern const Table ocpp201_roots;
extern const Table ocpp201_roots_answer;
extern const Table ocpp201_delete;
extern const Table ocpp201_delete_answer;

/* firmware.c */
extern const EnumTable ocpp21_logs_kind_words;
extern const Table ocpp21_firmware_status;
extern const Table ocpp21_log_status;
extern const Table ocpp201_update;
extern const Table ocpp201_update_answer;
extern const Table ocpp201_get_log;
extern const Table ocpp201_get_log_answer;
extern const Table ocpp201_firmware_status;
extern const Table ocpp201_firmware_status_answer;
extern const Table ocpp201_log_status;
extern const Table ocpp201_log_status_answer;

/* network.c */
extern const Table ocpp201_network;
extern const Table ocpp201_network_answer;
extern const Table ocpp21_network;

/* availability.c */
extern const EnumTable ocpp21_reset_words;
extern const Table ocpp201_reset;
extern const Table ocpp201_reset_answer;
extern const Table ocpp201_change_availability;
extern const Table ocpp201_change_availability_answer;
extern const Table ocpp201_unlock;
extern const Table ocpp201_unlock_answer;
extern const Table ocpp201_transaction_status;
extern const Table ocpp201_transaction_status_answer;

/* refusals.c */
extern const EnumTable ocpp21_signing_use_words;
extern const FixedAnswer ocpp201_refused;
extern const Table ocpp201_request_start;
extern const Table ocpp201_request_start_answer;
extern const Table ocpp201_request_stop;
extern const Table ocpp201_request_stop_answer;
extern const Table ocpp201_clear_cache;
extern const Table ocpp201_clear_cache_answer;
extern const Table ocpp201_certificate_signed;
extern const Table ocpp201_certificate_signed_answer;
extern const Table ocpp201_list_version;
extern const Table ocpp201_list_version_answer;
extern const Table ocpp201_send_list;
extern const Table ocpp201_send_list_answer;
extern const Table ocpp201_data_transfer;
extern const Table ocpp201_data_transfer_answer;
extern const Table ocpp201_monitoring_base;
extern const Table ocpp201_monitoring_base_answer;
extern const Table ocpp201_monitoring_report;
extern const Table ocpp201_monitoring_report_answer;
extern const Table ocpp201_customer;
extern const Table ocpp201_customer_answer;

/* model.c */
extern const VarAddresses ocpp201_addresses;
extern const EnumTable ocpp201_attribute_words;
extern const Table ocpp201_component;
extern const Table ocpp201_variable;
extern const Table ocpp201_get_variables;
extern const Table ocpp201_get_variables_answer;
extern const Table ocpp201_set_variables;
extern const Table ocpp201_set_variables_answer;

/* reports.c */
extern const Table ocpp201_base_report;
extern const Table ocpp201_base_report_answer;
extern const Table ocpp201_get_report;
extern const Table ocpp201_get_report_answer;
extern const Table ocpp201_notify_report;
extern const Table ocpp201_notify_report_answer;
