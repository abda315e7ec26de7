/* What an operator tells of a station: tags to choose it by, and its time zone. */
#pragma once

#include "codec.h"
#include "csms.h"

/* Tags of a station, code points of one. */
#define TAGS_MAX 16
#define TAG_MAX 32

/* Takes what is in {"tags"?:[word…],"timezone"?:name or null}; what is absent stays. Observers hear
 * of it. 0; -EINVAL with *reterr, whose text is a sentence, without full stop where it is the
 * codec's; -ENOMEM. On failure all stays as it was. */
int settings_apply(Station *station, const cJSON *body, CodecError *reterr);
