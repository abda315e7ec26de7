/* The file in a body of multipart/form-data (RFC 7578), found as the body comes. No network in
 * here. */
#pragma once

#include "util.h"

/* Bytes of a boundary (RFC 2046 5.1.1), of a part's headers, of a file's name. */
#define FORM_BOUNDARY_MAX 70
#define FORM_HEADERS_MAX 2048
#define FORM_NAME_MAX 255

typedef struct Form Form;

/* Begins with the value of the header Content-Type. 0 and *ret; -EBADMSG: it has no boundary;
 * -ENOMEM. */
int form_new(const char *content_type, Form **ret);
/* NULL is fine. */
void form_free(Form *form);
DEFINE_CLEANUP(Form *, form_free)

/* The next bytes of the body; what of them is of the first file in the form goes to take(). 0;
 * -EBADMSG: it is no form; what take() has returned, if that is negative. */
int form_feed(Form *form, const char *data, size_t size,
              int (*take)(void *userdata, const void *data, size_t size), void *userdata);
/* Whether the form has come to its end, and had a file. */
bool form_is_whole(const Form *form);
/* How its file is called, "" if it isn't. Borrowed. */
const char *form_name(const Form *form);

/* The filename of a value of Content-Disposition: "" if there is none. false: there is none. */
bool form_filename(const char *disposition, char out[static FORM_NAME_MAX + 1]);
