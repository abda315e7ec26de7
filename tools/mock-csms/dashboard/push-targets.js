/* The stations of a push: asked for page by page without their messages, of which each is asked for when one looks at it. */
import {at, get, pages} from "./api.js";
import {copyButton, el, replace, setAttribute, setText, trouble} from "./dom.js";
import {time} from "./format.js";
import {Grid} from "./grid.js";
import {showState} from "./push-parts.js";
import {CELLS, showOnline, stationAddress, versionText} from "./stations.js";
import {statusOf} from "./update.js";

const PAGE = 5000;

export class Targets {
    constructor(id, signal) {
        this.id = id;
        this.signal = signal;
        this.rows = []; // in the order of REST, which never changes: a push gets no more stations
        this.places = new Map(); // of each, by its identity
    }

    /* All of them, anew or for the first time. */
    async load(arrived) {
        for await (const {items} of pages(at("pushes", this.id, "targets"), {payload: false, limit: PAGE}, this.signal)) {
            for (const target of items)
                if (this.places.has(target.station))
                    Object.assign(this.rows[this.places.get(target.station)], target);
                else
                    this.places.set(target.station, this.rows.push(target) - 1);
            arrived();
        }
    }

    has(station) {
        return this.places.has(station);
    }

    /* One with its message: what follows the one before it. */
    async whole(station) {
        const place = this.places.get(station);
        const [target] = await get(at("pushes", this.id, "targets"), {after: place > 0 ? this.rows[place - 1].station : undefined, limit: 1},
            this.signal);
        return target;
    }
}

/* The message as it goes out; its id is drawn in that moment. */
export function frameText(target) {
    return JSON.stringify([2, "(its id, drawn as it goes out)", target.action, target.payload], null, 2);
}

export function showFrame(target) {
    const text = frameText(target);
    const frame = el("pre", {class: "frame-text", tabindex: 0, "aria-label": `Frame for ${target.station}`}, text);
    return [frame, copyButton(text, () => getSelection().selectAllChildren(frame))];
}

/* What there is of one station, in a dialog, which is there at once, however long its message takes. */
async function openTarget(targets, row) {
    const frame = el("div", {}, row.action ? el("p", {class: "quiet", role: "status"}, "Its message is being read …") : null);
    const dialog = el("dialog", {"aria-label": row.station, class: "large"}, el("form", {method: "dialog"}, el("h2", {}, row.station),
        el("p", {}, el("a", {href: stationAddress(row.station), on: {click: () => dialog.close()}}, "To the station"),
            row.detail ? ` · ${row.detail}` : ""),
        frame, el("div", {class: "buttons"}, el("button", {type: "submit", class: "main"}, "Close"))));
    dialog.addEventListener("close", () => dialog.remove());
    targets.signal.addEventListener("abort", () => dialog.remove(), {once: true});
    document.body.append(dialog);
    dialog.showModal();
    if (!row.action)
        return;
    try {
        replace(frame, showFrame(await targets.whole(row.station)));
    } catch (error) {
        replace(frame, trouble(error));
    }
}

function showStatus(cell, status) {
    const {tone, text} = statusOf(status ? {status} : null);
    setText(cell, text);
    setAttribute(cell, "data-tone", tone || "off");
}

/* stations: a Map of what else is known of them. */
export function makeTargetGrid(targets, stations) {
    const of = (t) => stations.get(t.station);
    return new Grid([
        {name: "station", label: "Station", track: "minmax(8rem,1.2fr)", phone: "minmax(6rem,1fr)", text: (t) => t.station},
        {...CELLS.protocol, track: "4.5rem", text: (t) => versionText(of(t)?.protocol)},
        {...CELLS.online, track: "7.5rem", show: (cell, t) => showOnline(cell, of(t)?.online)},
        {name: "action", label: "Message", track: "minmax(9rem,1fr)", text: (t) => t.action ?? "–"},
        {name: "state", label: "State", track: "6.5rem", phone: "5.6rem", show: (cell, t) => showState(cell, t.state)},
        {name: "status", label: "Told since", track: "minmax(8rem,1fr)", phone: "minmax(6rem,1fr)", show: (cell, t) => showStatus(cell, t.status)},
        {name: "detail", label: "Detail", track: "minmax(8rem,1.6fr)", show(cell, t) {
            setText(cell, t.detail ?? "");
            setAttribute(cell, "title", t.detail);
        }},
        {name: "since", label: "Since", track: "7.6rem", show: (cell, t) => cell.replaceChildren(time(t.since, true))},
    ], {label: "Stations of this push", key: (t) => t.station, open: (t) => openTarget(targets, t)});
}
