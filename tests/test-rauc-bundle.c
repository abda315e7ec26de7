/* What InspectBundle tells of a bundle, in the shapes that RAUC has (1.9 and later wrap the inner
 * dictionary once more) and in others, of which nothing is guessed. */
#include "control-world.h"
#include "rauc/rauc-state.h"

static sd_bus_message *answer_begin(World *w)
{
        sd_bus_message *m = NULL;

        assert_true(sd_bus_message_new_signal(w->bus, &m, "/", "a.b", "C") >= 0);
        return m;
}

/* Reads and frees it. */
static int read_back(sd_bus_message *m, char version[static 32], char compatible[static 32])
{
        BundleInfo bundle = {0};
        int r;

        assert_true(sd_bus_message_seal(m, 1, 0) >= 0);
        assert_true(sd_bus_message_rewind(m, 1) >= 0);
        r = rauc_bundle_read(m, &bundle);
        snprintf(version, 32, "%s", bundle.version ?: "-");
        snprintf(compatible, 32, "%s", bundle.compatible ?: "-");
        sd_bus_message_unref(m);
        return r;
}

static void bundle_is_read_in_each_shape(void **state)
{
        World *w = *state;
        char version[32], compatible[32];
        sd_bus_message *m = answer_begin(w);

        assert_true(sd_bus_message_append(m, "a{sv}", 3, "manifest-hash", "s", "abc", "update", "v",
                                          "a{sv}", 3, "compatible", "s", "toaster", "build", "u", 7,
                                          "version", "s", "2.0", "images", "as", 1, "x") >= 0);
        assert_int_equal(read_back(m, version, compatible), 0);
        assert_string_equal(version, "2.0");
        assert_string_equal(compatible, "toaster");
        m = answer_begin(w);
        assert_true(sd_bus_message_append(m, "a{sv}", 1, "update", "a{sv}", 1, "version", "s",
                                          "3") >= 0);
        assert_int_equal(read_back(m, version, compatible), 0);
        assert_string_equal(version, "3");
        assert_string_equal(compatible, "-");
}

static void bundle_of_another_shape_tells_nothing(void **state)
{
        World *w = *state;
        char version[32], compatible[32];
        sd_bus_message *m = answer_begin(w);

        assert_true(sd_bus_message_append(m, "a{sv}", 3, "update", "v", "s", "none", "other", "v",
                                          "v", "u", 7, "more", "s", "x") >= 0);
        assert_int_equal(read_back(m, version, compatible), 0);
        assert_string_equal(version, "-");
        m = answer_begin(w);
        assert_true(sd_bus_message_append(m, "a{sv}", 1, "update", "v", "a{sv}", 1, "version", "u",
                                          2) >= 0);
        assert_int_equal(read_back(m, version, compatible), 0);
        assert_string_equal(version, "-");
        m = answer_begin(w);
        assert_true(sd_bus_message_append(m, "s", "no dictionary") >= 0);
        assert_true(read_back(m, version, compatible) < 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                world_test(bundle_is_read_in_each_shape),
                world_test(bundle_of_another_shape_tells_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
