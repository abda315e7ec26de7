/* Who may connect: the passwords file, and HTTP Basic authentication against it. */
#pragma once

#include "util.h"

/* Bytes of the passwords file, and of a user name with its password in a header. */
#define PASSWORDS_FILE_MAX ((size_t)8 << 20)
#define CREDENTIALS_MAX 512

typedef struct Auth Auth;

/* Reads lines "ID:password"; empty lines and those that begin with # are skipped. 0 and *ret;
 * -EINVAL: a line without a colon; negative errno of reading. */
int auth_load(const char *path, Auth **ret);
void auth_free(Auth *auth);
DEFINE_CLEANUP(Auth *, auth_free)

/* Whether the value of an Authorization header is station id's "Basic …". The password may be the
 * text of the file, or, where that is hex, the bytes it stands for (1.6 AuthorizationKey). */
bool auth_check(const Auth *auth, const char *id, const char *header);
