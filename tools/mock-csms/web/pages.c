/* See pages.h. The assembler puts the files in; CMake says where they are and that this depends on
 * them. A new file is a line in both lists. */
#include "pages.h"
#include "util.h"

#define SCRIPT "text/javascript; charset=utf-8"

/* clang-format off */
#define FILES(X)                                                     \
        X(index_html, "/",                     "index.html", "text/html; charset=utf-8") \
        X(style_css,  "/dashboard/style.css",  "style.css",  "text/css; charset=utf-8")  \
        X(icon_svg,   "/dashboard/icon.svg",   "icon.svg",   "image/svg+xml")            \
        X(api_js,     "/dashboard/api.js",     "api.js",     SCRIPT) \
        X(app_js,     "/dashboard/app.js",     "app.js",     SCRIPT) \
        X(call_js, "/dashboard/call.js", "call.js", SCRIPT) \
        X(choose_js, "/dashboard/choose.js", "choose.js", SCRIPT) \
        X(dom_js,     "/dashboard/dom.js",     "dom.js",     SCRIPT) \
        X(firmware_add_js, "/dashboard/firmware-add.js", "firmware-add.js", SCRIPT) \
        X(firmware_one_js, "/dashboard/firmware-one.js", "firmware-one.js", SCRIPT) \
        X(firmware_parts_js, "/dashboard/firmware-parts.js", "firmware-parts.js", SCRIPT) \
        X(firmware_sign_js, "/dashboard/firmware-sign.js", "firmware-sign.js", SCRIPT) \
        X(firmware_js, "/dashboard/firmware.js", "firmware.js", SCRIPT) \
        X(fleet_js,   "/dashboard/fleet.js",   "fleet.js",   SCRIPT) \
        X(format_js,  "/dashboard/format.js",  "format.js",  SCRIPT) \
        X(frames_js, "/dashboard/frames.js", "frames.js", SCRIPT) \
        X(grid_js,    "/dashboard/grid.js",    "grid.js",    SCRIPT) \
        X(live_js,    "/dashboard/live.js",    "live.js",    SCRIPT) \
        X(log_ask_js, "/dashboard/log-ask.js", "log-ask.js", SCRIPT) \
        X(log_text_js, "/dashboard/log-text.js", "log-text.js", SCRIPT) \
        X(log_view_js, "/dashboard/log-view.js", "log-view.js", SCRIPT) \
        X(log_words_js, "/dashboard/log-words.js", "log-words.js", SCRIPT) \
        X(logs_js, "/dashboard/logs.js", "logs.js", SCRIPT) \
        X(push_choose_js, "/dashboard/push-choose.js", "push-choose.js", SCRIPT) \
        X(push_new_js, "/dashboard/push-new.js", "push-new.js", SCRIPT) \
        X(push_one_js, "/dashboard/push-one.js", "push-one.js", SCRIPT) \
        X(push_parts_js, "/dashboard/push-parts.js", "push-parts.js", SCRIPT) \
        X(push_preview_js, "/dashboard/push-preview.js", "push-preview.js", SCRIPT) \
        X(push_targets_js, "/dashboard/push-targets.js", "push-targets.js", SCRIPT) \
        X(push_js,    "/dashboard/push.js",    "push.js",     SCRIPT) \
        X(rollout_act_js, "/dashboard/rollout-act.js", "rollout-act.js", SCRIPT) \
        X(rollout_chart_js, "/dashboard/rollout-chart.js", "rollout-chart.js", SCRIPT) \
        X(rollout_new_js, "/dashboard/rollout-new.js", "rollout-new.js", SCRIPT) \
        X(rollout_one_js, "/dashboard/rollout-one.js", "rollout-one.js", SCRIPT) \
        X(rollout_plan_js, "/dashboard/rollout-plan.js", "rollout-plan.js", SCRIPT) \
        X(rollout_steps_js, "/dashboard/rollout-steps.js", "rollout-steps.js", SCRIPT) \
        X(rollout_targets_js, "/dashboard/rollout-targets.js", "rollout-targets.js", SCRIPT) \
        X(rollout_words_js, "/dashboard/rollout-words.js", "rollout-words.js", SCRIPT) \
        X(rollouts_js, "/dashboard/rollouts.js",  "rollouts.js", SCRIPT) \
        X(station_js, "/dashboard/station.js", "station.js", SCRIPT) \
        X(station_act_js, "/dashboard/station-act.js", "station-act.js", SCRIPT) \
        X(station_facts_js, "/dashboard/station-facts.js", "station-facts.js", SCRIPT) \
        X(station_lists_js, "/dashboard/station-lists.js", "station-lists.js", SCRIPT) \
        X(timeline_js, "/dashboard/timeline.js", "timeline.js", SCRIPT) \
        X(update_js,  "/dashboard/update.js",  "update.js",  SCRIPT) \
        X(variables_js, "/dashboard/variables.js", "variables.js", SCRIPT)

#define EMBED(symbol, path, file, type)                              \
        __asm__(".pushsection .rodata\n"                             \
                ".global page_" #symbol ", page_" #symbol "_end\n"   \
                ".hidden page_" #symbol ", page_" #symbol "_end\n"   \
                "page_" #symbol ":\n"                                \
                ".incbin \"" DASHBOARD_FOLDER "/" file "\"\n"        \
                "page_" #symbol "_end:\n"                            \
                ".popsection\n");                                    \
        extern const char page_##symbol[], page_##symbol##_end[];
FILES(EMBED)

#define ROW(symbol, path, file, type) { path, type, page_##symbol, page_##symbol##_end },
static const Page pages[] = { FILES(ROW) };
/* clang-format on */

const Page *pages_find(const char *path)
{
        for (size_t i = 0; i < ELEMENTSOF(pages); i++)
                if (streq(pages[i].path, path))
                        return &pages[i];
        return NULL;
}
