/* The roots that the CSMS has installed: a PEM file a use in the state folder, written anew with
 * each change; and beside them those that the configuration names, which the CSMS can see but not
 * remove. Knows no message and no connection; what may be a root is verify-root.h's business. */
#pragma once

#include "messages.h"
#include "verify.h"

/* Installed roots of each use (CertificateStoreMaxLength is both together). */
#define CERTIFICATES_MAX 16

typedef struct Certificates {
        char *folder;
        /* Files or folders that the configuration names; borrowed, NULL none. */
        const char *configured[ROOT_USES];
} Certificates;

/* Looks at what is there; of a file that is damaged what can be read is kept, which is logged.
 * *c holds the configured ones already. 0 or -ENOMEM. */
int certificates_init(Certificates *c, const char *state_directory);
void certificates_done(Certificates *c);

/* The path of the installed roots of that use. 0 and *ret (owned by the caller), which is NULL if
 * there are none; negative errno. */
int certificates_file(const Certificates *c, RootUse use, char **ret);
/* Installs a root that root_check() has written. 1; 0: it is there already; -ENOSPC: there are
 * CERTIFICATES_MAX; other negative errno: nothing has changed. */
int certificates_install(const Certificates *c, RootUse use, const char *pem);
/* Appends the roots of that use to roots, by SHA-256, the installed ones first, until there are
 * ROOTS_LISTED_MAX. Those without hash data are left out. 0; negative errno. In both cases the
 * caller frees the list by codec_done(). */
int certificates_list(const Certificates *c, RootUse use, List *roots);
/* How many there are of both uses, the configured ones included; negative errno. */
int certificates_count(const Certificates *c);
/* Removes what has that id, whatever its use; in_use is the digest of a CSMS root that must stay,
 * NULL none. A bit (1 << RootUse) a use that has changed; -ENOENT: it is not there; -EROFS: it is
 * configured; -EBUSY: it is in use; other negative errno: it may still be there. */
int certificates_delete(const Certificates *c, const RootId *id, const uint8_t *in_use);
/* The index of the first root with that id; -ENOENT, -ENOMEM. */
int certificates_find(const TrustStore *t, const RootId *id);
