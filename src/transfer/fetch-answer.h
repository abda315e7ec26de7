/* What a server's answer to a request for a file, or for its rest, means. */
#pragma once

#include "fetch-part.h"
#include "way.h"

typedef enum Verdict {
        VERDICT_NONE,
        VERDICT_WHOLE,    /* the file comes from its first byte */
        VERDICT_REST,     /* what was asked for comes */
        VERDICT_COMPLETE, /* there is no rest: what we have is all */
        VERDICT_CHANGED,  /* what we have can't be gone on with: ask for the whole */
        VERDICT_REDIRECT,
        VERDICT_REFUSED, /* *reterr says why */
} Verdict;

/* Asks for the file behind what have (NULL: all of it) holds, have_bytes of it: by Range and
 * If-Range, or by the offset of FTP and SFTP. *headers is what a former call set, and is set anew;
 * the caller frees it with curl_slist_free_all() after the handle is gone. */
CURLcode answer_ask(const Way *w, const Version *have, uint64_t have_bytes,
                    struct curl_slist **headers);
/* Judges what came, at the latest when the first byte of it has; body: there is one. With
 * VERDICT_WHOLE and VERDICT_REST *ret (version_done()) is the version that the server has. */
Verdict answer_judge(const Way *w, const Version *have, uint64_t have_bytes, bool body,
                     Version *ret, Failure *reterr);
/* Does libcurl's error say that the rest can't be had, but perhaps the whole? */
bool answer_error_is_of_the_rest(CURLcode error);
