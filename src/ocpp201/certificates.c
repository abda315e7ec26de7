/* OCPP 2.0.1: the roots that are installed (M03-M05). */
#include "fields.h"
#include "tables.h"

/* clang-format off */
static const char *const use_list[ROOT_USE_MAX] = {
        [ROOT_OF_CSMS]         = "CSMSRootCertificate",
        [ROOT_OF_MANUFACTURER] = "ManufacturerRootCertificate",
};
/* InstallCertificateUseEnumType */
static const char *const install_others[] = { "V2GRootCertificate", "MORootCertificate", NULL };
static const EnumTable install_use_words = WORDS_AND_OTHERS(use_list, install_others, ROOT_OF_OTHERS);
/* 2.1 has one more. */
static const char *const install_others_21[] = {
        "V2GRootCertificate", "MORootCertificate", "OEMRootCertificate", NULL
};
const EnumTable ocpp21_install_use_words = WORDS_AND_OTHERS(use_list, install_others_21, ROOT_OF_OTHERS);

/* GetCertificateIdUseEnumType */
static const char *const get_others[] = {
        "V2GRootCertificate", "MORootCertificate", "V2GCertificateChain", NULL
};
static const EnumTable get_use_words = WORDS_AND_OTHERS(use_list, get_others, ROOT_OF_OTHERS);
static const char *const get_others_21[] = {
        "V2GRootCertificate", "MORootCertificate", "V2GCertificateChain", "OEMRootCertificate", NULL
};
const EnumTable ocpp21_get_use_words = WORDS_AND_OTHERS(use_list, get_others_21, ROOT_OF_OTHERS);

/* HashAlgorithmEnumType */
static const char *const hash_list[HASH_ALGORITHM_MAX] = {
        [HASH_SHA256] = "SHA256",
        [HASH_SHA384] = "SHA384",
        [HASH_SHA512] = "SHA512",
};
static const EnumTable hash_words = WORDS(hash_list);

/* InstallCertificateStatusEnumType */
static const char *const installed_list[ROOT_VERDICT_MAX] = {
        [ROOT_ACCEPTED] = "Accepted",
        [ROOT_REJECTED] = "Rejected",
        [ROOT_FAILED]   = "Failed",
};
static const EnumTable installed_words = WORDS(installed_list);

/* GetInstalledCertificateStatusEnumType */
static const char *const found_list[ROOT_VERDICT_MAX] = {
        [ROOT_ACCEPTED]  = "Accepted",
        [ROOT_NOT_FOUND] = "NotFound",
};
static const EnumTable found_words = WORDS(found_list);

/* DeleteCertificateStatusEnumType */
static const char *const deleted_list[ROOT_VERDICT_MAX] = {
        [ROOT_ACCEPTED]  = "Accepted",
        [ROOT_FAILED]    = "Failed",
        [ROOT_NOT_FOUND] = "NotFound",
};
static const EnumTable deleted_words = WORDS(deleted_list);

/* StatusInfoType of the answers to InstallCertificate and DeleteCertificate */
static const Field info_fields[] = {
        STRING_FIELD("reasonCode",     REQUIRED, RootAnswer, reason_code,     20),
        STRING_FIELD("additionalInfo", OPTIONAL, RootAnswer, additional_info, 512),
};
static const Table info_type = TABLE("StatusInfoType", info_fields);

static const Field id_fields[] = {
        ENUM_FIELD  ("hashAlgorithm",  REQUIRED, RootId, algorithm, hash_words),
        STRING_FIELD("issuerNameHash", REQUIRED, RootId, issuer_name_hash, 128),
        STRING_FIELD("issuerKeyHash",  REQUIRED, RootId, issuer_key_hash,  128),
        STRING_FIELD("serialNumber",   REQUIRED, RootId, serial,           40),
};
static const Table id_type = TABLE("CertificateHashDataType", id_fields);
/* What a chain of ISO 15118 has below its root. */
static const ListType children_type = LIST_OF_OBJECTS(id_type, RootId, NULL, 1, 4);

static const Field chain_fields[] = {
        ENUM_FIELD  ("certificateType",     REQUIRED, RootId, use, get_use_words),
        INLINE_FIELD("certificateHashData", REQUIRED, id_type),
        { .name = "childCertificateHashData", .kind = FIELD_IGNORED, .json_type = JSON_ARRAY, .list = &children_type, .min = NO_INT },
};
static const Table chain_type = TABLE("CertificateHashDataChainType", chain_fields);
static const ListType chains_type = LIST_OF_OBJECTS(chain_type, RootId, NULL, 1, ROOTS_LISTED_MAX);
static const ListType uses_type = LIST_OF_WORDS(get_use_words, 1, ROOTS_ASKED_MAX);
const ListType ocpp21_uses = LIST_OF_WORDS(ocpp21_get_use_words, 1, ROOTS_ASKED_MAX);

static const Field install_fields[] = {
        ENUM_FIELD  ("certificateType", REQUIRED, InstallRequest, use, install_use_words),
        STRING_FIELD("certificate",     REQUIRED, InstallRequest, certificate, 5500),
};
const Table ocpp201_install = TABLE("InstallCertificate", install_fields);

static const Field install_answer_fields[] = {
        ENUM_FIELD  ("status",     REQUIRED, RootAnswer, verdict, installed_words),
        INLINE_FIELD("statusInfo", OPTIONAL, info_type),
};
const Table ocpp201_install_answer = TABLE("InstallCertificate", install_answer_fields);

static const Field roots_fields[] = {
        LIST_FIELD("certificateType", OPTIONAL, RootsRequest, uses, uses_type),
};
const Table ocpp201_roots = TABLE("GetInstalledCertificateIds", roots_fields);

static const Field roots_answer_fields[] = {
        ENUM_FIELD    ("status",                   REQUIRED, RootsAnswer, verdict, found_words),
        LIST_FIELD    ("certificateHashDataChain", OPTIONAL, RootsAnswer, roots, chains_type),
        IGNORED_OBJECT("statusInfo",               OPTIONAL, ocpp201_status_info),
};
const Table ocpp201_roots_answer = TABLE("GetInstalledCertificateIds", roots_answer_fields);

static const Field delete_fields[] = {
        INLINE_FIELD("certificateHashData", REQUIRED, id_type),
};
const Table ocpp201_delete = TABLE("DeleteCertificate", delete_fields);

static const Field delete_answer_fields[] = {
        ENUM_FIELD  ("status",     REQUIRED, RootAnswer, verdict, deleted_words),
        INLINE_FIELD("statusInfo", OPTIONAL, info_type),
};
const Table ocpp201_delete_answer = TABLE("DeleteCertificate", delete_answer_fields);
/* clang-format on */
