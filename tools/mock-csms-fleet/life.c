/* See life.h. */
#include "life.h"
#include <math.h>
#include <stdio.h>

#define DIGITS "0123456789"

/* clang-format off */
const LifeStep life_steps[LIFE_POINT_MAX] = {
        [LIFE_DOWNLOAD_SCHEDULED]  = { FW_DOWNLOAD_SCHEDULED,          LIFE_UNTIL_RETRIEVE             },
        [LIFE_DOWNLOADING]         = { FW_DOWNLOADING,                 LIFE_TAKES,          20,   120  },
        [LIFE_DOWNLOADED]          = { FW_DOWNLOADED,                  LIFE_TAKES,          1,    3    },
        [LIFE_SIGNATURE_VERIFIED]  = { FW_SIGNATURE_VERIFIED,          LIFE_TAKES,          1,    3    },
        [LIFE_INSTALL_SCHEDULED]   = { FW_INSTALL_SCHEDULED,           LIFE_UNTIL_INSTALL              },
        [LIFE_INSTALLING]          = { FW_INSTALLING,                  LIFE_TAKES,          30,   180  },
        [LIFE_REBOOTING]           = { FW_INSTALL_REBOOTING,           LIFE_TAKES,          1,    5    },
        [LIFE_AWAY]                = { FW_NONE,                        LIFE_TAKES,          20,   90   },
        [LIFE_INSTALLED]           = { FW_INSTALLED,                   LIFE_ENDS                       },
        [LIFE_DOWNLOAD_FAILED]     = { FW_DOWNLOAD_FAILED,             LIFE_ENDS                       },
        [LIFE_INVALID_SIGNATURE]   = { FW_INVALID_SIGNATURE,           LIFE_ENDS                       },
        [LIFE_VERIFICATION_FAILED] = { FW_INSTALL_VERIFICATION_FAILED, LIFE_ENDS                       },
        [LIFE_INSTALLATION_FAILED] = { FW_INSTALLATION_FAILED,         LIFE_ENDS                       },
        [LIFE_GONE]                = { FW_NONE,                        LIFE_ENDS                       },
};

/* In the order in which they happen where nothing goes wrong, and when each is left out. */
static const struct {
        LifePoint point;
        bool if_signed, if_retrieve_later, if_install_later;
} way[] = {
        { LIFE_DOWNLOAD_SCHEDULED, .if_retrieve_later = true },
        { LIFE_DOWNLOADING        },
        { LIFE_DOWNLOADED         },
        { LIFE_SIGNATURE_VERIFIED, .if_signed = true },
        { LIFE_INSTALL_SCHEDULED,  .if_install_later = true },
        { LIFE_INSTALLING         },
        { LIFE_REBOOTING          },
        { LIFE_AWAY               },
        { LIFE_INSTALLED          },
};

/* What goes wrong behind which point, signed or not. */
static const struct {
        Fate fate;
        LifePoint behind[2], end[2]; /* [is_signed] */
} failures[] = {
        { FATE_DOWNLOAD,     { LIFE_DOWNLOADING, LIFE_DOWNLOADING }, { LIFE_DOWNLOAD_FAILED,     LIFE_DOWNLOAD_FAILED     } },
        { FATE_SIGNATURE,    { LIFE_INSTALLING,  LIFE_DOWNLOADED  }, { LIFE_VERIFICATION_FAILED, LIFE_INVALID_SIGNATURE   } },
        { FATE_VERIFICATION, { LIFE_INSTALLING,  LIFE_INSTALLING  }, { LIFE_VERIFICATION_FAILED, LIFE_VERIFICATION_FAILED } },
        { FATE_INSTALL,      { LIFE_INSTALLING,  LIFE_INSTALLING  }, { LIFE_INSTALLATION_FAILED, LIFE_INSTALLATION_FAILED } },
        { FATE_ROLLBACK,     { LIFE_AWAY,        LIFE_AWAY        }, { LIFE_INSTALLATION_FAILED, LIFE_INSTALLATION_FAILED } },
        { FATE_REBOOT_NEVER, { LIFE_REBOOTING,   LIFE_REBOOTING   }, { LIFE_GONE,                LIFE_GONE                } },
};

static const char *const fate_names[FATE_MAX] = {
        [FATE_FINE]         = "fine",
        [FATE_SILENT]       = "silent",
        [FATE_REJECT]       = "reject",
        [FATE_DOWNLOAD]     = "download",
        [FATE_SIGNATURE]    = "signature",
        [FATE_VERIFICATION] = "verification",
        [FATE_INSTALL]      = "install",
        [FATE_ROLLBACK]     = "rollback",
        [FATE_REBOOT_NEVER] = "reboot-never",
};
/* clang-format on */

const char *life_fate_name(Fate fate)
{
        return fate_names[fate];
}

/* The place of a rate by its word; NULL: there is none. */
static double *find_rate(Rates *rates, const char *word)
{
        if (streq(word, "offline"))
                return &rates->offline;
        for (Fate fate = FATE_FINE + 1; fate < FATE_MAX; fate++)
                if (streq(word, fate_names[fate]))
                        return &rates->percent[fate];
        return NULL;
}

int life_read_rates(const char *text, Rates *ret)
{
        Rates rates = {0};
        Mix mix;
        double sum = 0;
        int r = mix_read(text, &mix);
        if (r < 0)
                return r;
        for (size_t i = 0; i < mix.count; i++) {
                double *rate = find_rate(&rates, mix.items[i].value);
                if (!rate || mix.items[i].share > 100)
                        return -EINVAL;
                *rate = mix.items[i].share;
                sum += rate == &rates.offline ? 0 : *rate;
        }
        if (sum > 100)
                return -EINVAL;
        *ret = rates;
        return 0;
}

Fate life_fate(const Rates *rates, double part)
{
        double left = part * 100;
        for (Fate fate = FATE_FINE + 1; fate < FATE_MAX; fate++) {
                if (left < rates->percent[fate])
                        return fate;
                left -= rates->percent[fate];
        }
        return FATE_FINE;
}

/* The first point of the way from index on that such an update has. */
static LifePoint point_from(const LifeOrder *order, size_t index)
{
        while ((way[index].if_signed && !order->is_signed) ||
               (way[index].if_retrieve_later && !order->retrieve_later) ||
               (way[index].if_install_later && !order->install_later))
                index++;
        return way[index].point;
}

LifePoint life_first(const LifeOrder *order)
{
        return point_from(order, 0);
}

LifePoint life_next(const LifeOrder *order, LifePoint point)
{
        for (size_t i = 0; i < ELEMENTSOF(failures); i++)
                if (failures[i].fate == order->fate &&
                    failures[i].behind[order->is_signed] == point)
                        return failures[i].end[order->is_signed];
        for (size_t i = 0; i + 1 < ELEMENTSOF(way); i++)
                if (way[i].point == point)
                        return point_from(order, i + 1);
        return LIFE_INSTALLED;
}

/* The length of a version at the start of text: numbers with dots in between, one dot at least; 0:
 * there is none. */
static size_t version_length(const char *text)
{
        size_t n = strspn(text, DIGITS), first = n;
        while (n > 0 && text[n] == '.' && strspn(text + n + 1, DIGITS) > 0)
                n += 1 + strspn(text + n + 1, DIGITS);
        return n > first ? n : 0;
}

static void raise_last_number(const char *old, char ret[static LIFE_VERSION_MAX + 1])
{
        size_t end = strlen(old), begin;
        while (end > 0 && !strchr(DIGITS, old[end - 1]))
                end--;
        for (begin = end; begin > 0 && strchr(DIGITS, old[begin - 1]);)
                begin--;
        if (begin == end) {
                (void)snprintf(ret, LIFE_VERSION_MAX + 1, "%.*s.1", LIFE_VERSION_MAX - 2, old);
                return;
        }
        (void)snprintf(ret, LIFE_VERSION_MAX + 1, "%.*s%llu%s", (int)begin, old,
                       strtoull(old + begin, NULL, 10) + 1, old + end);
}

void life_version_after(const char *location, const char *old,
                        char ret[static LIFE_VERSION_MAX + 1])
{
        const char *slash = strrchr(location, '/');
        const char *end = location + strcspn(location, "?#");
        while (slash && slash > end) { /* one that is part of the query */
                while (--slash > location && *slash != '/')
                        ;
        }
        for (const char *p = slash ? slash + 1 : location; p < end; p++) {
                size_t n = version_length(p);
                if (n > 0 && n <= LIFE_VERSION_MAX && p + n <= end) {
                        (void)snprintf(ret, LIFE_VERSION_MAX + 1, "%.*s", (int)n, p);
                        return;
                }
                p += strspn(p, DIGITS) > 0 ? strspn(p, DIGITS) - 1 : 0;
        }
        raise_last_number(old, ret);
}
