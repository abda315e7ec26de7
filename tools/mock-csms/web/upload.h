/* Files that come by HTTP: to a server's folder "uploads", and to a folder of their own, where they
 * are hashed as they come. No network in here. */
#pragma once

#include "verify.h"

struct evp_md_ctx_st;

/* Where they come, below the served folder. */
#define UPLOADS_FOLDER "uploads"
/* Bytes of one of them, of its name. */
#define UPLOAD_SIZE_MAX ((size_t)128 << 20)
#define UPLOAD_NAME_MAX 128
/* Room for "." and a UUID. */
#define UPLOAD_PART_SIZE 38

/* A file on its way. What is there of it has a hidden name until it is whole. */
typedef struct Upload {
        int folder_fd, fd; /* owned; -1 none */
        char name[UPLOAD_NAME_MAX + 1], part[UPLOAD_PART_SIZE];
        struct evp_md_ctx_st *sha256, *sha384; /* owned; NULL: it is not hashed */
        uint64_t size_bytes;                   /* so far */
        uint64_t *budget, reserved;            /* see upload_reserve(); NULL: none */
} Upload;
#define UPLOAD_INIT                                                                                \
        {                                                                                          \
                .folder_fd = -1, .fd = -1                                                          \
        }

/* Whether a file may be called so: letters, digits, ".", "-" and "_", but no "." first. */
bool upload_name_valid(const char *name);
/* Begins one in the folder UPLOADS_FOLDER below files_fd, which is made if there is none. 0;
 * -EINVAL: no valid name; negative errno. */
int upload_begin(int files_fd, const char *name, Upload *ret);
/* Begins one in this folder, which is hashed and made durable. Its name is its hidden one without
 * the dot: a UUID. 0; negative errno. */
int upload_begin_hashed(int folder_fd, Upload *ret);
/* Counts so many bytes as used in *budget (borrowed), until it is done. */
void upload_reserve(Upload *upload, uint64_t *budget, uint64_t size_bytes);
/* 0, negative errno. */
int upload_write(Upload *upload, const void *data, size_t size);
/* A hashed one is whole: its digests, once it is on the disk. To be called once. 0, negative errno.
 */
int upload_seal(Upload *upload, FileDigest *ret);
/* It is whole: gives it its name, in the place of a file that has it, for a station says again what
 * it had no answer to. 0, negative errno. */
int upload_finish(Upload *upload);
/* How an upload that failed is answered. */
typedef struct UploadRefusal {
        int error;       /* negative errno */
        unsigned status; /* of HTTP */
        const char *sentence;
} UploadRefusal;
/* For what the functions above return, and -EMEDIUMTYPE for a form. */
const UploadRefusal *upload_refusal(int error);
/* Closes; what is not whole is removed. */
void upload_done(Upload *upload);
