/* Shared by way*.c alone: what is set on the handle beside the plain options. */
#pragma once

#include "way.h"

typedef struct Logins Logins;

typedef enum HostKey {
        HOST_KEY_UNKNOWN, /* the file names no key of this host */
        HOST_KEY_GOOD,
        HOST_KEY_WRONG, /* it names others */
} HostKey;

typedef struct Login {
        const char *user, *password; /* NULL: none */
} Login;

struct Way {
        const Task *task;
        CURL *easy;
        CURLU *target; /* what is aimed at, without user and password */
        const struct Protocol *protocol;
        Logins *logins;        /* NULL: no credentials file */
        char *origin;          /* first URL's "scheme://host:port" */
        char *user, *password; /* of the first URL; NULL: it had none */
        bool login_from_file;  /* what is aimed at gets a password of the credentials file */
        unsigned redirects;
        bool failed; /* failure is set, by a call back of ours */
        Failure failure;
        char detail[CURL_ERROR_SIZE];
};

/* The credentials file: lines "host user password [SHA256:key]", or "host - - SHA256:key" for the
 * host key alone; '#' begins a comment. 0 and *ret; -EINVAL: a line is none of these; negative
 * errno. */
int logins_read(const char *path, Logins **ret);
/* Erases and frees. */
void logins_free(Logins *l);
/* The first line of that host with a user. Borrowed. l may be NULL. */
Login logins_find(const Logins *l, const char *host);
/* Is key, "SHA256:…" as ssh-keygen -l writes it, one that the file names for that host? */
HostKey logins_judge_key(const Logins *l, const char *host, const char *key);

/* The system's roots and, if the task has one, those in ca_file; client certificate and key.
 * CURLE_OK; CURLE_SSL_CACERT_BADFILE: ca_file can't be read; CURLE_SSL_CERTPROBLEM: certificate or
 * key can't; other CURLcode. */
CURLcode way_set_trust(CURL *easy, const Task *task);
/* Only a host key that is pinned, or one that no password of the credentials file goes to. */
CURLcode way_set_host_key(Way *w);
