/* Updates for many stations at once: the pushes that there are. A new one is made in push-new.js, one is shown in push-one.js. */
import {all, at} from "./api.js";
import {el, empty, replace, setAttribute, setText} from "./dom.js";
import {labelOf, orGone} from "./firmware-parts.js";
import {number, time} from "./format.js";
import {Grid} from "./grid.js";
import {gather, listen} from "./live.js";
import {showNew} from "./push-new.js";
import {showPush} from "./push-one.js";
import {makeStack, progressOf, sizeOf, whomText} from "./push-parts.js";

export const title = "Push";

const REPAINT_EVERY = 200, RELOAD_EVERY = 1000; // milliseconds

function columns(firmware) {
    return [
        {name: "id", label: "Push", track: "6rem", phone: "4.8rem", sort: true, show(cell, p) {
            let link = cell.firstChild;
            if (!link)
                cell.append(link = el("a", {tabindex: -1}));
            setText(link, `Push ${p.id}`);
            setAttribute(link, "href", `#/push/${p.id}`);
        }},
        {name: "what", label: "Firmware", track: "minmax(9rem,1.4fr)",
         text: (p) => p.order.location ?? (firmware.has(p.order.firmware) ? labelOf(firmware.get(p.order.firmware))
             : `firmware ${p.order.firmware}, deleted`)},
        {name: "whom", label: "For", track: "minmax(8rem,1.2fr)", text: (p) => whomText(p.order)},
        {name: "size", label: "Stations", track: "6rem", phone: "5.4rem", numeric: true, text: (p) => number(sizeOf(p))},
        {name: "state", label: "State", track: "8rem", phone: "minmax(6.5rem,1fr)", show(cell, p) {
            const [word, tone] = progressOf(p);
            setText(cell, word);
            setAttribute(cell, "data-tone", tone);
        }},
        {name: "accepted", label: "Accepted", track: "6.6rem", phone: "5.8rem", numeric: true, text: (p) => number(p.counts.accepted)},
        {name: "refused", label: "Refused", track: "5.5rem", numeric: true, text: (p) => number(p.counts.refused)},
        {name: "other", label: "Not reached", track: "7.4rem", numeric: true,
            text: (p) => number(p.counts["no-answer"] + p.counts.offline + p.counts.untellable)},
        {name: "bar", label: "Answers", track: "minmax(6rem,1fr)", show(cell, p) {
            cell.stack ??= makeStack();
            if (!cell.firstChild)
                cell.append(cell.stack.element);
            cell.stack.show(p.counts);
        }},
        {name: "made", label: "Sent or made", track: "8rem", show: (cell, p) => cell.replaceChildren(time(p.sent ?? p.made, true))},
    ];
}

async function showAll(main, signal) {
    const pushes = new Map(), firmware = new Map(), gone = new Set(); // deleted: an answer that is older than the event may have them
    let sorted = "-id";
    const listed = el("p", {class: "quiet", role: "status"}, "Loading …"), nothing = el("div", {});
    const grid = new Grid(columns(firmware), {label: "Pushes", key: (p) => p.id, sorted, open: (p) => { location.hash = `#/push/${p.id}`; },
                                              onSort: (next) => { sorted = next; arrange(); }});
    const arrange = () => {
        grid.setRows([...pushes.values()].sort((a, b) => sorted === "id" ? a.id - b.id : b.id - a.id));
        grid.element.hidden = pushes.size === 0;
        setText(listed, `${number(pushes.size)} ${pushes.size === 1 ? "push" : "pushes"}`);
        replace(nothing, pushes.size > 0 ? null
            : empty("There is no push yet",
            "A push is one update for one station, many or all: first a draft, in which the message of each station can be read, then it is sent. ",
                                                        el("a", {href: "#/push/new"}, "Make one"),
                                                            "; or bring a firmware to many stations in stages by a ",
                                                            el("a", {href: "#/rollouts"}, "roll-out"), "."));
    };
    const load = async () => {
        const [list, files] = await Promise.all([all(at("pushes"), {}, signal), all(at("firmware"), {limit: 1000}, signal)]);
        pushes.clear();
        list.filter((p) => !gone.has(p.id)).forEach((p) => pushes.set(p.id, p));
        files.forEach((f) => firmware.set(f.id, f));
        arrange();
    };
    replace(main, el("div", {class: "page"}, el("div", {class: "head"}, el("h1", {}, "Push"), listed,
        el("div", {class: "buttons"}, el("a", {class: "button main", href: "#/push/new"}, "New push"))), nothing, grid.element));
    signal.addEventListener("abort", () => grid.close());
    await load();
    const repaint = gather(arrange, REPAINT_EVERY), reload = gather(() => load().catch(() => {}), RELOAD_EVERY);
    listen({types: ["push", "push-deleted", "firmware"], signal, lost: reload, event(type, data) {
        if (type === "push" || type === "push-deleted") {
            if (type === "push") {
                pushes.set(data.id, data);
            } else {
                pushes.delete(data.id);
                gone.add(data.id);
            }
            repaint();
        } else {
            reload();
        }
    }});
}

export async function show(main, {parts, query, signal}) {
    if (parts[0] === "new")
        await showNew(main, query, signal);
    else if (parts[0])
        await showPush(main, parts[0], signal).catch((error) => orGone(main, error, "#/push", "To all pushes"));
    else if (query.station || query.firmware)
        location.replace(`#/push/new?${new URLSearchParams(query)}`);
    else
        await showAll(main, signal);
}
