/* What an operator tells of a station: tags to choose it by, and its time zone. */
#pragma once

#include "codec.h"
#include "csms.h"

/* Tags of a station, code points of one. */
#define TAGS_MAX 16
#define TAG_MAX 32

/* Takes what is in {"tags"?:[word…],"timezone"?:name or null}; what is absent stays. keep() is
 * asked to keep the station as it is then; observers hear of it behind that. 0; -EINVAL with
 * *reterr, whose text is a sentence, without full stop where it is the codec's; -ENOMEM; what
 * keep() gave, if that is negative. On failure all stays as it was. */
int settings_apply(Station *station, const cJSON *body,
                   int (*keep)(void *userdata, const Station *station), void *userdata,
                   CodecError *reterr);
