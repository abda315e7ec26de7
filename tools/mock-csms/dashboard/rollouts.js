/* Roll-outs: the list of them; one of them and a new one are modules of their own. */
import {all, at, get} from "./api.js";
import {el, empty, replace, setAttribute, setText} from "./dom.js";
import {number, time} from "./format.js";
import {gather, listen} from "./live.js";
import {badge} from "./update.js";
import {firmwareName, phaseText, phasesOf, showBadge, stackedLine, stateWords, stoppedItself} from "./rollout-words.js";

export const title = "Roll-outs";

const REPAINT_EVERY = 200; // milliseconds
const HEADS = [["Roll-out"], ["Firmware", "wide"], ["State"], ["Progress"], ["Stations", "numeric wide"], ["Failed", "numeric"], ["Since", "wide"]];

/* Why it is as it is, or what it waits for. */
function why(r) {
    if (r.trouble)
        return r.trouble;
    const words = [stoppedItself(r) || r.state === "aborted" || r.state === "paused" ? r.reason : "", r.next];
    return words.filter(Boolean)[0] ?? "";
}

/* A row of the table, which show(r) fills anew. */
function makeRow(r, firmware) {
    const state = badge("", ""), line = stackedLine();
    const progress = el("small", {class: "quiet"}), size = el("td", {class: "numeric wide"}), since = el("td", {class: "wide"});
    const failed = el("a", {href: `#/rollouts/${r.id}?state=failed`}), told = el("p", {class: "rollout-why"});
    const row = el("tr", {},
        el("th", {scope: "row"}, el("a", {href: `#/rollouts/${r.id}`}, r.name), told),
        el("td", {class: "wide"}, firmwareName(r, firmware), el("br"), el("small", {class: "quiet"}, r.version ? `version ${r.version}` : "")),
        el("td", {}, state), el("td", {class: "rollout-progress"}, line.element, progress), size, el("td", {class: "numeric"}, failed), since);
    return {row, show(now) {
        const count = now.counts.failed ?? 0;
        showBadge(state, stateWords(now));
        line.show(now.counts, now.size);
        setText(progress, phaseText(phasesOf(now.counts)));
        setText(size, number(now.size));
        setText(failed, number(count));
        setAttribute(failed, "class", count > 0 ? "rollout-failed" : "quiet");
        setAttribute(failed, "aria-label", `${count} failed in ${now.name}`);
        setText(told, why(now));
        setAttribute(told, "data-tone", stoppedItself(now) || now.trouble ? "bad" : null);
        if (since.dataset.at !== now.since) {
            since.dataset.at = now.since;
            replace(since, time(now.since));
        }
    }};
}

async function showList(main, signal) {
    const rollouts = new Map(), rows = new Map(), gone = new Set(); // deleted: an answer that is older than the event may have them
    let firmware = new Map();
    const body = el("tbody");
    const table = el("div", {class: "table", tabindex: 0, role: "region", "aria-label": "Roll-outs"}, el("table", {},
        el("thead", {}, el("tr", {}, HEADS
            .map(([word, name]) => el("th", {scope: "col", class: name}, word)))), body));
    const place = el("div");
    const listed = el("p", {class: "quiet", role: "status"}, "Loading …");
    const paint = () => {
        for (const r of rollouts.values()) {
            if (!rows.has(r.id)) {
                rows.set(r.id, makeRow(r, firmware));
                body.prepend(rows.get(r.id).row);
            }
            rows.get(r.id).show(r);
        }
        for (const [id, {row}] of rows)
            if (!rollouts.has(id)) {
                row.remove();
                rows.delete(id);
            }
        setText(listed, rollouts.size > 0 ? `${number(rollouts.size)} in all` : "");
        if (place.dataset.empty !== String(rollouts.size === 0)) {
            place.dataset.empty = String(rollouts.size === 0);
            replace(place,
                rollouts.size > 0
                    ? table
                    : empty("No roll-out yet",
                          "A roll-out brings a firmware to many stations in groups: a few first, all at the end. " +
                              "It stops by itself where too many fail. ",
                          el("a", {href: "#/rollouts/new"}, "Plan the first one"), "."));
        }
    };
    const load = async () => {
        const [list, files] = await Promise.all([get(at("rollouts"), {}, signal), all(at("firmware"), {}, signal)]);
        firmware = new Map(files.map((f) => [f.id, f]));
        rollouts.clear();
        for (const r of list.filter(({id}) => !gone.has(id)).sort((a, b) => a.id - b.id))
            rollouts.set(r.id, r);
        paint();
    };
    const repaint = gather(paint, REPAINT_EVERY);
    replace(main, el("div", {class: "head"}, el("h1", {}, "Roll-outs"), listed,
                     el("div", {class: "buttons"}, el("a", {class: "button main", href: "#/rollouts/new"}, "New roll-out"))), place);
    await load();
    listen({types: ["rollout", "rollout-deleted"], signal, lost: () => load().catch(() => {}), event(type, data) {
        if (type === "rollout") {
            rollouts.set(data.id, data);
        } else {
            rollouts.delete(data.id);
            gone.add(data.id);
        }
        repaint();
    }});
}

export async function show(main, {parts, query, signal}) {
    if (parts.length === 0)
        return showList(main, signal);
    const page = parts[0] === "new" ? await import("./rollout-new.js") : await import("./rollout-one.js");
    return signal.aborted ? null : page.show(main, {id: parts[0], query, signal});
}
