/* The answers of RAUC to structs: see rauc-state.h. */
#include "rauc-state.h"

/* Is the next thing a variant that holds this? */
static int variant_is(sd_bus_message *m, const char *contents)
{
        const char *inside;
        char type;
        int r = sd_bus_message_peek_type(m, &type, &inside);

        if (r < 0)
                return r;
        return r > 0 && type == SD_BUS_TYPE_VARIANT && streq(inside, contents);
}

int rauc_text_read(sd_bus_message *m, const char **ret)
{
        const char *text = NULL;
        int r = variant_is(m, "s");

        if (r > 0)
                r = sd_bus_message_read(m, "v", "s", &text);
        else if (r == 0)
                r = sd_bus_message_skip(m, "v");
        if (r < 0)
                return r;
        *ret = text && strlen(text) <= RAUC_TEXT_MAX ? text : NULL;
        return 0;
}

static int read_count(sd_bus_message *m, int64_t *ret)
{
        uint32_t count;
        int r = variant_is(m, "u");

        if (r < 0)
                return r;
        if (r == 0)
                return sd_bus_message_skip(m, "v");
        r = sd_bus_message_read(m, "v", "u", &count);
        if (r >= 0)
                *ret = count;
        return r;
}

static int read_progress(sd_bus_message *m, RaucProperties *p)
{
        int32_t percent, depth;
        const char *step;
        int r = variant_is(m, "(isi)");

        if (r < 0)
                return r;
        if (r == 0)
                return sd_bus_message_skip(m, "v");
        r = sd_bus_message_read(m, "v", "(isi)", &percent, &step, &depth);
        if (r < 0)
                return r;
        p->percent = MIN(MAX(percent, 0), 100);
        p->step = strlen(step) <= RAUC_TEXT_MAX ? step : "";
        return 0;
}

static int read_property(sd_bus_message *m, const char *name, RaucProperties *p)
{
        if (streq(name, "Operation"))
                return rauc_text_read(m, &p->operation);
        if (streq(name, "LastError"))
                return rauc_text_read(m, &p->last_error);
        if (streq(name, "Progress"))
                return read_progress(m, p);
        return sd_bus_message_skip(m, "v");
}

int rauc_properties_read(sd_bus_message *m, RaucProperties *ret)
{
        RaucProperties p = {.percent = -1};
        const char *name;
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");

        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                if ((r = sd_bus_message_read(m, "s", &name)) < 0 ||
                    (r = read_property(m, name, &p)) < 0 ||
                    (r = sd_bus_message_exit_container(m)) < 0)
                        return r;
        }
        if (r < 0 || (r = sd_bus_message_exit_container(m)) < 0)
                return r;
        *ret = p;
        return 0;
}

/* clang-format off */
static const struct {
        const char *key;
        size_t member;
} texts[] = {
        { "bootname",              offsetof(Slot, bootname) },
        { "device",                offsetof(Slot, device) },
        { "bundle.version",        offsetof(Slot, bundle_version) },
        { "installed.transaction", offsetof(Slot, installed_transaction) },
        { "installed.timestamp",   offsetof(Slot, installed_timestamp) },
        { "status",                offsetof(Slot, status) },
};
/* clang-format on */

static int read_slot_text(sd_bus_message *m, const char *key, Slot *slot)
{
        const char *text;
        int r = rauc_text_read(m, &text);

        if (r < 0 || !text || !*text)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                if (streq(key, texts[i].key))
                        return str_replace((char **)(void *)((char *)slot + texts[i].member), text);
        if (streq(key, "state"))
                slot->booted = streq(text, "booted");
        else if (streq(key, "boot-status"))
                slot->boot_status = streq(text, "good")  ? SLOT_GOOD
                                    : streq(text, "bad") ? SLOT_BAD
                                                         : SLOT_UNKNOWN;
        return 0;
}

/* One (sa{sv}). What was filled so far stays in *slot on error. */
static int read_slot(sd_bus_message *m, Slot *slot)
{
        const char *name, *key;
        int r = sd_bus_message_read(m, "s", &name);

        if (r < 0 || (r = str_replace(&slot->name, name)) < 0 ||
            (r = sd_bus_message_enter_container(m, 'a', "{sv}")) < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = sd_bus_message_read(m, "s", &key);
                if (r >= 0)
                        r = streq(key, "installed.count") ? read_count(m, &slot->installed_count)
                                                          : read_slot_text(m, key, slot);
                if (r < 0 || (r = sd_bus_message_exit_container(m)) < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_slots(sd_bus_message *m, InstallerState *s)
{
        int r = sd_bus_message_enter_container(m, 'a', "(sa{sv})");

        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'r', "sa{sv}")) > 0) {
                if (s->count == INSTALLER_SLOTS_MAX)
                        return -E2BIG;
                s->slots[s->count] = (Slot){.installed_count = NO_INT};
                r = read_slot(m, &s->slots[s->count++]);
                if (r < 0 || (r = sd_bus_message_exit_container(m)) < 0)
                        return r;
        }
        if (r < 0)
                return r;
        return s->count ? 0 : -ENODATA;
}

/* The one slot that is booted: none and two are both unknown. */
static int find_booted(const InstallerState *s)
{
        int found = -1;

        for (size_t i = 0; i < s->count; i++) {
                if (!s->slots[i].booted)
                        continue;
                if (found >= 0)
                        return -1;
                found = (int)i;
        }
        return found;
}

int rauc_state_read(sd_bus_message *m, InstallerState *ret)
{
        int r;

        *ret = (InstallerState){.booted = -1, .primary = -1};
        r = read_slots(m, ret);
        if (r < 0) {
                installer_state_done(ret);
                return r;
        }
        ret->booted = find_booted(ret);
        return 0;
}

void rauc_state_set_primary(InstallerState *s, const char *name)
{
        const Slot *slot = installer_state_find(s, name);

        s->primary = slot ? (int)(slot - s->slots) : -1;
}

/* What is read of InspectBundle's answer, by dictionary and name. */
/* clang-format off */
static const struct {
        const char *dictionary, *name;
        size_t member;
} bundle_texts[] = {
        { "update", "compatible", offsetof(BundleInfo, compatible) },
        { "update", "version",    offsetof(BundleInfo, version) },
        { "update", "build",      offsetof(BundleInfo, build) },
        { "bundle", "format",     offsetof(BundleInfo, format) },
};
/* clang-format on */

static const char **bundle_text(BundleInfo *b, const char *dictionary, const char *name)
{
        for (size_t i = 0; i < ELEMENTSOF(bundle_texts); i++)
                if (streq(bundle_texts[i].dictionary, dictionary) &&
                    streq(bundle_texts[i].name, name))
                        return (const char **)(void *)((char *)b + bundle_texts[i].member);
        return NULL;
}

/* The strings that are wanted of the variant with an a{sv} that the message stands before. */
static int read_dictionary(sd_bus_message *m, const char *dictionary, BundleInfo *ret)
{
        const char *name, **text;
        int r = sd_bus_message_enter_container(m, 'v', "a{sv}");

        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = sd_bus_message_read(m, "s", &name);
                text = r >= 0 ? bundle_text(ret, dictionary, name) : NULL;
                if (r >= 0)
                        r = text ? rauc_text_read(m, text) : sd_bus_message_skip(m, "v");
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* One value of the answer; RAUC wraps dictionaries into one more variant. */
static int read_bundle_value(sd_bus_message *m, const char *name, BundleInfo *ret)
{
        int depth = 0, r;

        while ((r = variant_is(m, "v")) > 0 && depth < 2) {
                r = sd_bus_message_enter_container(m, 'v', "v");
                if (r < 0)
                        return r;
                depth++;
        }
        if (r >= 0 && streq(name, "manifest-hash"))
                r = rauc_text_read(m, &ret->manifest_hash);
        else if (r >= 0 && (r = variant_is(m, "a{sv}")) > 0)
                r = read_dictionary(m, name, ret);
        else if (r >= 0)
                r = sd_bus_message_skip(m, "v");
        for (; r >= 0 && depth > 0; depth--)
                r = sd_bus_message_exit_container(m);
        return r;
}

int rauc_bundle_read(sd_bus_message *m, BundleInfo *ret)
{
        const char *name;
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = sd_bus_message_read(m, "s", &name);
                if (r >= 0)
                        r = read_bundle_value(m, name, ret);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        return MIN(r, 0);
}
