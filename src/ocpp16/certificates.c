/* OCPP 1.6, security extension: the roots that are installed. */
#include "fields.h"
#include "tables.h"

/* clang-format off */
/* CertificateUseEnumType */
static const char *const use_list[ROOT_USES] = {
        [ROOT_OF_CSMS]         = "CentralSystemRootCertificate",
        [ROOT_OF_MANUFACTURER] = "ManufacturerRootCertificate",
};
static const EnumTable use_words = WORDS(use_list);

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

static const Field id_fields[] = {
        ENUM_FIELD  ("hashAlgorithm",  REQUIRED, RootId, algorithm, hash_words),
        STRING_FIELD("issuerNameHash", REQUIRED, RootId, issuer_name_hash, 128),
        STRING_FIELD("issuerKeyHash",  REQUIRED, RootId, issuer_key_hash,  128),
        STRING_FIELD("serialNumber",   REQUIRED, RootId, serial,           40),
};
static const Table id_type = TABLE("CertificateHashDataType", id_fields);
static const ListType ids_type = LIST_OF_OBJECTS(id_type, RootId, NULL, 1, ROOTS_LISTED_MAX);

static const Field install_fields[] = {
        ENUM_FIELD  ("certificateType", REQUIRED, InstallRequest, use, use_words),
        STRING_FIELD("certificate",     REQUIRED, InstallRequest, certificate, 5500),
};
const Table ocpp16_install = TABLE("InstallCertificate", install_fields);

static const Field install_answer_fields[] = {
        ENUM_FIELD("status", REQUIRED, RootAnswer, verdict, installed_words),
};
const Table ocpp16_install_answer = TABLE("InstallCertificate", install_answer_fields);

static const Field roots_fields[] = {
        ENUM_FIELD("certificateType", REQUIRED, RootsRequest, use, use_words),
};
const Table ocpp16_roots = TABLE("GetInstalledCertificateIds", roots_fields);

static const Field roots_answer_fields[] = {
        ENUM_FIELD("status",              REQUIRED, RootsAnswer, verdict, found_words),
        LIST_FIELD("certificateHashData", OPTIONAL, RootsAnswer, roots, ids_type),
};
const Table ocpp16_roots_answer = TABLE("GetInstalledCertificateIds", roots_answer_fields);

static const Field delete_fields[] = {
        INLINE_FIELD("certificateHashData", REQUIRED, id_type),
};
const Table ocpp16_delete = TABLE("DeleteCertificate", delete_fields);

static const Field delete_answer_fields[] = {
        ENUM_FIELD("status", REQUIRED, RootAnswer, verdict, deleted_words),
};
const Table ocpp16_delete_answer = TABLE("DeleteCertificate", delete_answer_fields);
/* clang-format on */
