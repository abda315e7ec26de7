/* Where a folder lies, by samples of mountinfo and on this machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/place.h"

static const char mountinfo[] =
        "22 1 179:2 / / ro,noatime shared:1 - squashfs /dev/root ro\n"
        "23 22 0:21 / /run rw shared:2 - tmpfs tmpfs rw,size=1000k\n"
        "24 22 0:22 / /etc rw - overlay overlay rw,lowerdir=/etc,upperdir=/run/etc\n"
        "25 22 179:4 / /data rw,noatime shared:3 master:7 - ext4 /dev/mmcblk0p4 rw\n"
        "26 22 179:5 /sub /my\\040data rw - btrfs /dev/my\\040disk rw,subvol=/sub\n"
        "27 22\n";

/* clang-format off */
static const struct {
        uint64_t id;
        int result;
        const char *type, *source;
} mounts[] = {
        {22, 0,       "squashfs", "/dev/root"},
        {23, 0,       "tmpfs",    NULL},
        {24, 0,       "overlay",  NULL},
        {25, 0,       "ext4",     "/dev/mmcblk0p4"},
        {26, 0,       "btrfs",    "/dev/my disk"},
        {27, -ENOENT, NULL,       NULL},
        {2,  -ENOENT, NULL,       NULL},
};
/* clang-format on */

static void place_reads_mountinfo(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(mounts); i++) {
                _cleanup_(freep) char *type = NULL, *source = NULL;

                assert_int_equal(place_parse(mountinfo, mounts[i].id, &type, &source),
                                 mounts[i].result);
                assert_true(str_equal(type, mounts[i].type));
                assert_true(str_equal(source, mounts[i].source));
        }
}

static void place_finds_memory(void **state)
{
        Place place = {0};

        (void)state;
        assert_int_equal(place_find("/dev/shm", &place), 0);
        assert_string_equal(place.type, "tmpfs");
        assert_true(place_is_fleeting(&place));
        assert_true(place.device == 0);
        assert_int_equal(place_find("/proc", &place), 0);
        assert_false(place_is_fleeting(&place));
        assert_int_equal(place_find("/dev/shm/not/yet/there", &place), 0);
        assert_string_equal(place.type, "tmpfs");
        assert_int_equal(place_find("/nowhere", &place), -ENOENT);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(place_reads_mountinfo),
                cmocka_unit_test(place_finds_memory),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
