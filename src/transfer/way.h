/* How a server is spoken to: the part of the job that fetch and upload share (WAY in
 * core/transfer.h), set on one handle of libcurl. Every failing call fills *reterr; -EIO then. */
#pragma once

#include <curl/curl.h>

#include "say.h"
#include "task.h"

typedef struct Way Way;

/* A handle with the task's way: limits, rate, roots, client certificate, proxy. The task must
 * outlive it. 0 and *ret. */
int way_new(const Task *task, Way **ret, Failure *reterr);
void way_free(Way *w);
DEFINE_CLEANUP(Way *, way_free)
/* The handle, borrowed, for the options that a job needs beside: callbacks, headers, ranges. What
 * way_aim() sets is not for others: URL, user, protocols, TLS. */
CURL *way_curl(const Way *w);
/* Where the next curl_easy_perform() goes: the protocol must be among the task's, user and password
 * are the URL's or else those of the credentials file, and ftps is TLS by AUTH TLS, unless the port
 * is 990, where it begins at once. 0. */
int way_aim(Way *w, const char *url, Failure *reterr);
/* After an answer that redirects: goes there, as way_aim() does, but user and password of the first
 * URL go to its own host, port and protocol only, and those of the credentials file not from an
 * encrypted protocol to one in the clear. 1: perform again; 0: the answer was no redirect. libcurl
 * itself follows none. */
int way_follow(Way *w, Failure *reterr);
/* The protocol aimed at is http or https (else ftp, ftps or sftp). */
bool way_is_http(const Way *w);
/* The URL aimed at names a file. FTP and SFTP would list what ends in a slash, and FTP would list
 * or change what ends in ";type=…". */
bool way_is_file(const Way *w);
/* The HTTP status or FTP reply that came last; 0: none. */
long way_status(const Way *w);
/* The status is one of the redirects, and says where to. */
bool way_is_redirect(const Way *w);
/* What libcurl's error means, by tables: HTTP statuses are "http-404", replies of FTP "ftp-550",
 * a refused login of SFTP "login", all else of SFTP "ssh". */
void way_judge_error(const Way *w, CURLcode error, Failure *ret);
/* The same of an HTTP status that is not the one hoped for; with its Retry-After, a day at most. */
void way_judge_status(const Way *w, Failure *ret);
/* A failure of the job's own. */
void way_fail(bool final, const char *code, const char *sentence, Failure *ret);
