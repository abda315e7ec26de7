/* Files that come to a server's folder "uploads". No network in here. */
#pragma once

#include "util.h"

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
} Upload;
#define UPLOAD_INIT                                                                                \
        {                                                                                          \
                .folder_fd = -1, .fd = -1                                                          \
        }

/* Begins one in the folder UPLOADS_FOLDER below files_fd, which is made if there is none. A name
 * has letters, digits, ".", "-" and "_" and begins with none of ".". 0; -EINVAL: another name;
 * negative errno. */
int upload_begin(int files_fd, const char *name, Upload *ret);
/* 0, negative errno. */
int upload_write(Upload *upload, const void *data, size_t size);
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
