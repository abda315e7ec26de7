/* See pages.h. The assembler puts the files in; CMake says where they are and that this depends on
 * them. A new file is a line in the list. */
#include "pages.h"
#include "util.h"

/* clang-format off */
/* Those at /dashboard/, by name. */
#define FILES(X) \
        X(api,               "api.js")             \
        X(app,               "app.js")             \
        X(call,              "call.js")            \
        X(choose,            "choose.js")          \
        X(dom,               "dom.js")             \
        X(firmware_add,      "firmware-add.js")    \
        X(firmware_one,      "firmware-one.js")    \
        X(firmware_parts,    "firmware-parts.js")  \
        X(firmware_sign,     "firmware-sign.js")   \
        X(firmware,          "firmware.js")        \
        X(fleet,             "fleet.js")           \
        X(format,            "format.js")          \
        X(frames,            "frames.js")          \
        X(grid,              "grid.js")            \
        X(icon_svg,          "icon.svg")           \
        X(live,              "live.js")            \
        X(log_ask,           "log-ask.js")         \
        X(log_text,          "log-text.js")        \
        X(log_view,          "log-view.js")        \
        X(log_words,         "log-words.js")       \
        X(logs,              "logs.js")            \
        X(push_choose,       "push-choose.js")     \
        X(push_new,          "push-new.js")        \
        X(push_one,          "push-one.js")        \
        X(push_parts,        "push-parts.js")      \
        X(push_preview,      "push-preview.js")    \
        X(push_targets,      "push-targets.js")    \
        X(push,              "push.js")            \
        X(rollout_act,       "rollout-act.js")     \
        X(rollout_chart,     "rollout-chart.js")   \
        X(rollout_new,       "rollout-new.js")     \
        X(rollout_one,       "rollout-one.js")     \
        X(rollout_plan,      "rollout-plan.js")    \
        X(rollout_steps,     "rollout-steps.js")   \
        X(rollout_targets,   "rollout-targets.js") \
        X(rollout_words,     "rollout-words.js")   \
        X(rollouts,          "rollouts.js")        \
        X(station_act,       "station-act.js")     \
        X(station_facts,     "station-facts.js")   \
        X(station_lists,     "station-lists.js")   \
        X(station,           "station.js")         \
        X(stations,          "stations.js")        \
        X(style_css,         "style.css")          \
        X(tiles,             "tiles.js")           \
        X(timeline,          "timeline.js")        \
        X(update,            "update.js")          \
        X(variables,         "variables.js")

#define EMBED(symbol, file)                                          \
        __asm__(".pushsection .rodata\n"                             \
                ".global page_" #symbol ", page_" #symbol "_end\n"   \
                ".hidden page_" #symbol ", page_" #symbol "_end\n"   \
                "page_" #symbol ":\n"                                \
                ".incbin \"" DASHBOARD_FOLDER "/" file "\"\n"        \
                "page_" #symbol "_end:\n"                            \
                ".popsection\n");                                    \
        extern const char page_##symbol[], page_##symbol##_end[];
EMBED(index, "index.html")
FILES(EMBED)

static const struct {
        const char *ending, *type;
} types[] = {
        { "",     "text/html; charset=utf-8"       }, /* "/" */
        { ".css", "text/css; charset=utf-8"        },
        { ".js",  "text/javascript; charset=utf-8" },
        { ".svg", "image/svg+xml"                  },
};

#define ROW(symbol, file) { "/dashboard/" file, page_##symbol, page_##symbol##_end },
static const Page pages[] = {
        { "/", page_index, page_index_end },
        FILES(ROW)
};
/* clang-format on */

const Page *pages_find(const char *path)
{
        for (size_t i = 0; i < ELEMENTSOF(pages); i++)
                if (streq(pages[i].path, path))
                        return &pages[i];
        return NULL;
}

const char *page_type(const Page *page)
{
        const char *ending = strempty(strrchr(page->path, '.'));
        size_t i = 0;
        while (!streq(types[i].ending, ending)) /* all that are listed have one of them */
                i++;
        return types[i].type;
}
