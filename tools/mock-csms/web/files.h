/* Files of one folder for download, with ranges (RFC 9110 13.1.5, 14). No network in here. */
#pragma once

#include "util.h"
#include <sys/types.h>

/* Bytes of the headers' values, NUL included. */
#define ETAG_MAX 64
#define HTTP_DATE_MAX 32

/* An opened file and what of it is to be sent. */
typedef struct FileReply {
        int fd;                       /* owned; -1 none */
        unsigned status;              /* 200, 206, 416 */
        off_t start, length, total;   /* of the part; length 0 with 416 */
        char etag[ETAG_MAX];          /* ETag:, quotes included */
        char modified[HTTP_DATE_MAX]; /* Last-Modified: */
} FileReply;
#define FILE_REPLY_INIT                                                                            \
        {                                                                                          \
                .fd = -1                                                                           \
        }

/* Opens a regular file below the folder; links may not lead out of it. range and if_range are the
 * headers' values, NULL if absent. 0; -ENOENT for whatever is not to be had; negative errno. */
int files_open(int folder_fd, const char *path, const char *range, const char *if_range,
               FileReply *ret);
/* Reads the next bytes of the part. Their number; 0: all read; -EIO: the file became shorter. */
ssize_t files_read(FileReply *reply, void *buffer, size_t room);
/* Closes the file. */
void files_done(FileReply *reply);
