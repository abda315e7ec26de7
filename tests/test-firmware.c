/* mock-csms's firmware files as roll-outs and pushes use them: found, ordered, needed. */
#include "firmware.h"
#include "station.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct World {
        uv_loop_t loop;
        State *state;
        Csms *csms;
        Station *station;
        FirmwareStore *store;
} World;

static void never(_unused_ void *userdata, _unused_ usec_t when)
{
}

static int setup(void **ret)
{
        World *w = calloc(1, sizeof(*w));

        assert_non_null(w);
        assert_int_equal(uv_loop_init(&w->loop), 0);
        assert_int_equal(state_open(&(StateOptions){.wake_at = never}, &w->state), 0);
        assert_int_equal(csms_new(&(CsmsOptions){.wake_at = never}, &w->csms), 0);
        assert_int_equal(station_new(w->csms, "CP1", &w->station), 0);
        assert_int_equal(
                firmware_open(
                        &(FirmwareOptions){.state = w->state, .loop = &w->loop, .size_max = 1000},
                        &w->store),
                0);
        *ret = w;
        return 0;
}

static int teardown(void **state)
{
        World *w = *state;

        firmware_stop(w->store);
        uv_run(&w->loop, UV_RUN_DEFAULT);
        firmware_close(w->store);
        assert_int_equal(uv_loop_close(&w->loop), 0);
        station_free(w->station);
        csms_free(w->csms);
        state_free(w->state);
        free(w);
        return 0;
}

/* A file that has come. */
static int64_t add_file(World *w, const char *content)
{
        char name[] = "new.raucb", version[] = "2";
        Firmware firmware = FIRMWARE_INIT;
        Upload upload = UPLOAD_INIT;
        int64_t id = 0;

        firmware.name = name;
        firmware.version = version;
        assert_int_equal(upload_begin_hashed(firmware_folder(w->store), &upload), 0);
        assert_int_equal(upload_write(&upload, content, strlen(content)), 0);
        assert_int_equal(firmware_add_upload(w->store, &upload, &firmware, &id), 0);
        upload_done(&upload);
        return id;
}

static int64_t add_url(World *w, const char *url)
{
        char name[] = "x";
        Firmware firmware = FIRMWARE_INIT;
        _cleanup_(freep) char *copy = strdup(url);
        int64_t id = 0;

        firmware.name = name;
        firmware.url = copy;
        assert_int_equal(firmware_add_url(w->store, &firmware, &id), 0);
        return id;
}

static const char *text_of(const cJSON *o, const char *name)
{
        return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, name));
}

static void order_names_the_server_as_the_station_does(void **state)
{
        World *w = *state;
        _cleanup_(firmware_freep) Firmware *firmware = NULL;
        _cleanup_(cJSON_Deletep) cJSON *body = NULL;
        _cleanup_(freep) char *location = NULL;
        int64_t id = add_file(w, "abc");

        assert_int_equal(firmware_find(w->store, id, &firmware), 0);
        assert_int_equal(firmware_presence(w->store, firmware), FIRMWARE_READY);
        assert_string_equal(firmware->sha256,
                            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_int_equal(firmware_order(w->store, firmware, w->station, &body), -ENODATA);
        assert_int_equal(station_set_server(w->station, "https://csms:8443"), 0);
        assert_int_equal(firmware_order(w->store, firmware, w->station, &body), 0);
        location = str_printf("https://csms:8443/firmware/%lld/new.raucb", (long long)id);
        assert_string_equal(text_of(body, "location"), location);
        assert_int_equal(cJSON_GetArraySize(body), 1);
        assert_int_equal(unlinkat(firmware_folder(w->store), firmware->file, 0), 0);
        assert_int_equal(firmware_presence(w->store, firmware), FIRMWARE_MISSING);
        assert_int_equal(firmware_order(w->store, firmware, w->station, &body), -ENOENT);
}

static void order_has_the_signature(void **state)
{
        World *w = *state;
        _cleanup_(firmware_freep) Firmware *firmware = NULL;
        _cleanup_(cJSON_Deletep) cJSON *body = NULL;

        assert_int_equal(firmware_find(w->store, add_url(w, "ftp://elsewhere/x"), &firmware), 0);
        assert_int_equal(
                firmware_set_signature(w->store, firmware, SIGN_PSS, "certificate", "c2lnbmF0dXJl"),
                0);
        firmware_free(TAKE_PTR(firmware));
        assert_int_equal(firmware_find(w->store, 1, &firmware), 0);
        assert_int_equal(firmware_order(w->store, firmware, w->station, &body), 0);
        assert_string_equal(text_of(body, "location"), "ftp://elsewhere/x");
        assert_string_equal(text_of(body, "signingCertificate"), "certificate");
        assert_string_equal(text_of(body, "signature"), "c2lnbmF0dXJl");
}

static int needs(void *userdata, int64_t firmware, char **ret_who)
{
        const int64_t *needed = userdata;

        if (firmware != *needed)
                return 0;
        *ret_who = strdup("roll-out 3");
        return *ret_who ? 1 : -ENOMEM;
}

static void firmware_stays_while_somebody_needs_it(void **state)
{
        World *w = *state;
        int64_t needed = add_file(w, "needed"), other = add_file(w, "other");
        const FirmwareUser nobody = {.needs = needs, .userdata = &(int64_t){-1}};
        const FirmwareUser user = {.needs = needs, .userdata = &needed};
        _cleanup_(firmware_freep) Firmware *first = NULL, *second = NULL;
        _cleanup_(freep) char *who = NULL;

        firmware_add_user(w->store, &nobody);
        firmware_add_user(w->store, &user);
        assert_int_equal(firmware_find(w->store, needed, &first), 0);
        assert_int_equal(firmware_find(w->store, other, &second), 0);
        assert_int_equal(firmware_delete(w->store, first, &who), -EBUSY);
        assert_string_equal(who, "roll-out 3");
        assert_int_equal(firmware_presence(w->store, first), FIRMWARE_READY);
        assert_int_equal(firmware_delete(w->store, second, &who), 0);
        assert_int_equal(firmware_presence(w->store, second), FIRMWARE_MISSING);
        firmware_free(TAKE_PTR(second));
        assert_int_equal(firmware_find(w->store, other, &second), -ENOENT);
        needed = -1;
        assert_int_equal(firmware_delete(w->store, first, &who), 0);
}

static void urls_are_judged(_unused_ void **state)
{
        static const struct {
                const char *url;
                bool valid;
        } urls[] = {
                {"http://a/b", true},    {"https://a", true},     {"ftp://u:p@a/b", true},
                {"ftps://a", true},      {"sftp://a/b", true},    {"", false},
                {"http://", false},      {"http:///b", false},    {"file:///b", false},
                {"//a/b", false},        {"http://a b", false},   {"http://a\n", false},
                {"http://a\x7f", false}, {"javascript:1", false},
        };

        for (size_t i = 0; i < ELEMENTSOF(urls); i++)
                if (firmware_url_valid(urls[i].url) != urls[i].valid)
                        fail_msg("%s", urls[i].url);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(order_names_the_server_as_the_station_does, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(order_has_the_signature, setup, teardown),
                cmocka_unit_test_setup_teardown(firmware_stays_while_somebody_needs_it, setup,
                                                teardown),
                cmocka_unit_test(urls_are_judged),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
