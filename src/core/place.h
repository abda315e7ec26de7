/* Where a folder lies: what must outlive an update must not lie in a slot or in memory. */
#pragma once

#include "util.h"
#include <sys/types.h>

#define PLACE_TYPE_MAX 32

typedef struct Place {
        char type[PLACE_TYPE_MAX]; /* of the file system: "ext4" */
        dev_t device;              /* the block device it is on; 0: none that is known */
} Place;

/* Finds it by /proc/self/mountinfo; of a path that does not exist yet the nearest folder above. 0
 * and *ret; -ENODATA: the kernel does not tell; other negative errno. */
int place_find(const char *path, Place *ret);
/* Of one mount in the text of mountinfo, by its id. The source is a path, NULL where it is none. 0
 * and *ret_type, *ret_source, owned by the caller; -ENOENT: no such mount; -ENOMEM. */
int place_parse(const char *mountinfo, uint64_t id, char **ret_type, char **ret_source);
/* Does it go with the power (tmpfs), or with the slot below it (overlay)? */
bool place_is_fleeting(const Place *p);
/* The number of the block device at path (links are followed), 0: it is none. */
dev_t place_block_device(const char *path);
