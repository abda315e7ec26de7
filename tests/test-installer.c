/* Which slot would an install write? */
#include <stdint.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "installer.h"

#define NONE (-1)

/* clang-format off */
static const struct {
        const char *what;
        struct {
                const char *name, *bootname;
                bool booted;
        } slots[4];
        size_t count;
        int booted, other;
} others[] = {
        {"two",               {{.name = "rootfs.0", .bootname = "A", .booted = true}, {.name = "rootfs.1", .bootname = "B"}}, 2, 0, 1},
        {"with a rescue",     {{.name = "rescue.0", .bootname = "R"}, {.name = "rootfs.0", .bootname = "A"},
                               {.name = "rootfs.1", .bootname = "B", .booted = true}}, 3, 2, 1},
        {"from the rescue",   {{.name = "rescue.0", .bootname = "R", .booted = true}, {.name = "rootfs.0", .bootname = "A"}}, 2, 0, 1},
        {"class, not prefix", {{.name = "root.0", .bootname = "R"}, {.name = "rootfs.0", .bootname = "A", .booted = true},
                               {.name = "rootfs.1", .bootname = "B"}}, 3, 1, 2},
        {"no bootname",       {{.name = "rootfs.0", .bootname = "A", .booted = true}, {.name = "rootfs.1"}}, 2, 0, NONE},
        {"booted unknown",    {{.name = "rootfs.0", .bootname = "A"}, {.name = "rootfs.1", .bootname = "B"}}, 2, NONE, NONE},
};
/* clang-format on */

static void installer_names_the_other_slot(void **unused _unused_)
{
        for (size_t i = 0; i < ELEMENTSOF(others); i++) {
                InstallerState s = {.count = others[i].count, .booted = others[i].booted};
                const Slot *found;

                for (size_t j = 0; j < others[i].count; j++)
                        s.slots[j] = (Slot){.name = (char *)others[i].slots[j].name,
                                            .bootname = (char *)others[i].slots[j].bootname,
                                            .booted = others[i].slots[j].booted};
                found = installer_state_other(&s);
                if ((found ? (int)(found - s.slots) : NONE) != others[i].other)
                        fail_msg("%s: %s", others[i].what, found ? found->name : "none");
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(installer_names_the_other_slot),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
