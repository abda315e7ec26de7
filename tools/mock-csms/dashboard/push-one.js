/* One push: a draft to be looked at and sent, or what became of it, live. */
import {at, get, post, remove} from "./api.js";
import {action, confirm, el, empty, facts, note, replace, setText} from "./dom.js";
import {labelOf} from "./firmware-parts.js";
import {duration, number, percent, time} from "./format.js";
import {gather, listen} from "./live.js";
import {STATES, loadStations, makeStack, momentText, progressOf, sizeOf, spreadText, whomText} from "./push-parts.js";
import {showPreview} from "./push-preview.js";
import {Targets, makeTargetGrid} from "./push-targets.js";
import {makeTiles} from "./tiles.js";
import {STATUSES, badge, statusOf} from "./update.js";

const PAINT_EVERY = 300, LOAD_EVERY = 1500, LOAD_SELDOM = 5000; // milliseconds

function showOrder(push, firmware) {
    const o = push.order;
    const what = o.location ?? el("a", {href: `#/firmware/${o.firmware}`}, firmware ? labelOf(firmware) : `firmware ${o.firmware}`);
    const rows = [
        ["Firmware", what],
        ["For", whomText(o)],
        ["Retrieve", momentText(o.retrieve, "now")],
        ["Install", momentText(o.install, "not told: at once")],
        ["Spread", spreadText(o)],
        ["Retries", o.retries !== undefined ? number(o.retries) : null],
        ["Retry interval", o.retryInterval !== undefined ? duration(o.retryInterval) : null],
        ["Signature", o.plain ? "left out (plain)" : firmware?.scheme || o.signature ? "told" : "none"],
        ["Made", time(push.made)],
        ["Sent", push.sent ? time(push.sent) : null],
    ];
    return facts(rows);
}

/* Counts by state; null: all. */
const TILES = [[null, "stations", ""], ...Object.entries(STATES).map(([state, [word, tone, help]]) => [state, word, tone, help])];

/* What has been told since, most advanced last. */
function showTold(place, rows) {
    const counts = new Map();
    for (const {status} of rows)
        if (status)
            counts.set(status, (counts.get(status) ?? 0) + 1);
    const order = Object.keys(STATUSES);
    const text = [...counts].map(([status, n]) => `${status} ${n}`).join();
    if (place.dataset.told === text)
        return;
    place.dataset.told = text;
    replace(place, counts.size === 0 ? null : ["Told since: ", [...counts].sort(([a], [b]) => order.indexOf(a) - order.indexOf(b))
        .map(([status, n]) => [badge(`${number(n)} ${statusOf({status}).text}`, statusOf({status}).tone), " "])]);
}

/* away: how many that are ready are not connected; null: not known yet. */
function progressText({counts, sent}, size, away) {
    const open = counts.ready + counts.sent;
    if (!sent)
        return away === null ? "" : away === 0 ? `All ${number(counts.ready)} that are ready are connected now.`
            : `${number(counts.ready - away)} of ${number(counts.ready)} that are ready are connected now; the others would not be told.`;
    return open === 0 ? `Over: ${number(counts.accepted)} of ${number(size)} have accepted (${percent(counts.accepted, size)}).`
        : `${number(size - open)} of ${number(size)} (${percent(size - open, size)}); ` +
            `${number(counts.ready)} are still to be told, ${number(counts.sent)} have to answer.`;
}

class Page {
    constructor(push, firmware, signal) {
        Object.assign(this, {push, firmware, signal, chosen: null, search: ""});
        this.targets = new Targets(push.id, signal);
        this.stations = new Map();
        this.grid = makeTargetGrid(this.targets, this.stations);
        this.tiles = makeTiles("Stations by state", TILES, (state) => { this.chosen = state; this.arrange(); });
        this.bar = makeStack();
        this.badge = el("span", {role: "status"});
        this.order = el("details", {class: "card"});
        this.preview = el("div", {class: "column"});
        this.progress = el("p", {class: "quiet"});
        this.told = el("p", {class: "told"});
        this.listed = el("p", {class: "quiet", role: "status"}, "Loading …");
        this.buttons = el("div", {class: "buttons"});
        this.known = false; // whether all stations and targets are here
        signal.addEventListener("abort", () => this.grid.close());
    }

    element() {
        const search = el("input", {type: "search", "aria-label": "Search stations", placeholder: "Search identity or detail",
            on: {input: () => { this.search = search.value.trim().toLowerCase(); this.arrange(); }}});
        return el("div", {class: "page"},
            el("div", {class: "head"}, el("a", {href: "#/push"}, "Push"), el("h1", {}, `Push ${this.push.id}`), this.badge, this.buttons),
            this.tiles.element, this.bar.element, this.progress, this.told, this.order, this.preview,
            el("div", {class: "filters"}, el("h2", {}, "Stations"), search, this.listed), this.grid.element);
    }

    /* All but the rows. */
    paint() {
        const {push} = this, [word, tone] = progressOf(push);
        replace(this.badge, badge(word, tone));
        this.tiles.show((state) => (state ? push.counts[state] : sizeOf(push)), this.chosen, (state, n) => state !== null && n === 0);
        this.bar.show(push.counts);
        setText(this.progress, progressText(push, sizeOf(push), push.sent ? null : this.countAway()));
        showTold(this.told, this.targets.rows);
        const over = push.sent && push.counts.ready + push.counts.sent === 0, phase = !push.sent ? "draft" : over ? "over" : "going";
        if (this.phase === phase)
            return;
        this.phase = phase;
        replace(this.order, el("summary", {}, "What is told"), showOrder(push, this.firmware));
        this.order.open = !push.sent;
        replace(this.buttons, push.sent ? null
            : action("Send …", () => this.send(), {operator: true, class: "main", disabled: push.counts.ready === 0}),
                phase === "going" ? null : action(push.sent ? "Delete" : "Delete the draft", () => this.delete(), {operator: true}));
        if (push.sent)
            replace(this.preview);
    }

    /* Those ready that are not connected; null: not all is known yet. */
    countAway() {
        if (!this.known)
            return null;
        return this.targets.rows.filter((t) => t.state === "ready" && !this.stations.get(t.station)?.online).length;
    }

    arrange() {
        const rows = this.targets.rows.filter((t) => (!this.chosen || t.state === this.chosen) &&
            (!this.search || t.station.toLowerCase().includes(this.search) || t.detail?.toLowerCase().includes(this.search)));
        this.grid.setRows(rows);
        setText(this.listed, this.targets.rows.length < sizeOf(this.push)
            ? `${number(this.targets.rows.length)} of ${number(sizeOf(this.push))} loaded` : `${number(rows.length)} listed`);
        this.paint();
    }

    async load() {
        const begun = performance.now();
        await this.targets.load(() => this.arrange());
        this.pause = Math.min(LOAD_SELDOM, Math.max(LOAD_EVERY, 3 * (performance.now() - begun))); // a large one is asked for less often
    }

    /* A draft's messages, as soon as all is known that they are grouped by. */
    show() {
        if (!this.push.sent)
            replace(this.preview, showPreview(this.targets, this.stations));
    }

    async send() {
        const away = this.countAway(), there = this.push.counts.ready - (away ?? 0);
        const sentences = [away === null ? `Those of ${number(there)} stations that are connected are told at once; it can't be taken back.`
            : `${number(there)} ${there === 1 ? "station is" : "stations are"} connected and told at once; it can't be taken back.`,
                           away > 0 ? `${number(away)} are not connected now: they are not told, also not later.` : null,
                           this.push.counts.untellable > 0 ? `${number(this.push.counts.untellable)} are untellable and left out.` : null];
        if (!await confirm(`Send push ${this.push.id}?`, sentences.filter(Boolean).map((sentence) => el("p", {}, sentence)),
            `Send to ${number(there)}`))
            return;
        this.push = await post(at("pushes", this.push.id, "send"));
        this.chosen = null;
        this.arrange();
        note(`Push ${this.push.id} goes out.`, "good");
    }

    async delete() {
        const what = this.push.sent
            ? `What became of its ${number(sizeOf(this.push))} stations is forgotten here; they go on with what they were told.` : "Nobody was told.";
        if (!await confirm(`Delete push ${this.push.id}?`, el("p", {}, what), "Delete", "bad"))
            return;
        await remove(at("pushes", this.push.id));
        note(`Push ${this.push.id} is deleted.`, "good");
        location.hash = "#/push";
    }
}

export async function showPush(main, id, leaving) {
    const gone = new AbortController(), signal = AbortSignal.any([leaving, gone.signal]); // deleted: nothing more is asked for
    const push = await get(at("pushes", id), {}, signal);
    const firmware = push.order.firmware === undefined ? null : await get(at("firmware", push.order.firmware), {}, signal).catch(() => null);
    const page = new Page(push, firmware, signal);
    replace(main, page.element());
    page.paint();
    if (!push.sent)
        replace(page.preview, el("p", {class: "quiet", role: "status"}, "Its messages are being read …"));
    const repaint = gather(() => { page.grid.repaint(); page.paint(); }, PAINT_EVERY);
    let loading = null, again = false;
    const load = () => { // one at a time; what changes meanwhile is asked for behind a pause
        if (loading) {
            again = true;
            return;
        }
        loading = page.load().catch(() => {}).then(() => new Promise((resolve) => setTimeout(resolve, page.pause ?? LOAD_EVERY))).then(() => {
            loading = null;
            if (again && !signal.aborted) {
                again = false;
                load();
            }
        });
    };
    await page.load();
    await loadStations(page.stations, signal, repaint);
    page.known = true;
    page.show();
    page.paint();
    listen({types: ["push", "push-deleted", "station", "station-deleted"], signal,
            lost: () => get(at("pushes", id), {}, signal).then((next) => { page.push = next; load(); repaint(); }).catch(() => {}),
            event(type, data) {
                if (type === "push" && data.id === push.id) {
                    page.push = data;
                    load();
                    repaint();
                } else if (type === "push-deleted" && data.id === push.id) {
                    gone.abort();
                    replace(main, el("h1", {}, `Push ${push.id}`), empty("This push is deleted", el("a", {href: "#/push"}, "To all pushes")));
                } else if (type === "station-deleted") {
                    page.stations.delete(data.id);
                    repaint();
                } else if (type === "station" && page.targets.has(data.id)) {
                    page.stations.set(data.id, Object.assign(page.stations.get(data.id) ?? {}, data));
                    repaint();
                    if (page.push.sent)
                        load();
                }
            }});
}
