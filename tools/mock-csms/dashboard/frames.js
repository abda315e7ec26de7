/* The frames of a station: kept as they come, and shown as lines that open to the whole JSON. */
import {at, request} from "./api.js";
import {action, el, note, replace, select, setText} from "./dom.js";
import {bytes, exact, number} from "./format.js";
import {gather} from "./live.js";

const MOST = 2000, MOST_TEXT = 32 << 20; // frames kept in the page, and characters of all of them
const SHOWN_MOST = 100000;               // characters of one frame that are shown; copying gets all
const CATCH_UP_EVERY = 200;              // milliseconds

const TYPES = {2: "CALL", 3: "RESULT", 4: "ERROR", 5: "RESULTERROR", 6: "SEND"};

const day = new Intl.DateTimeFormat("en-GB", {day: "2-digit", month: "short"});
const clock = new Intl.DateTimeFormat("en-GB", {hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3});

/* What a line of the trace is: type, action, id and payload of a frame; "malformed" is what is none of OCPP-J's. */
function parse(line, n) {
    const f = line.frame, frame = {number: n, time: line.time, from: line.from, type: "malformed", action: "", payload: null};
    frame.text = "raw" in line ? line.raw : JSON.stringify(f);
    if (!Array.isArray(f) || !(f[0] in TYPES) || typeof f[1] !== "string")
        return frame;
    const asks = f[0] === 2 || f[0] === 6;
    if (asks && typeof f[2] !== "string")
        return frame;
    Object.assign(frame, {type: TYPES[f[0]], id: f[1], json: f, payload: asks ? f[3] : f[2]});
    if (asks)
        frame.action = f[2];
    else if (f[0] !== 3)
        frame.code = String(f[2]);
    return frame;
}

/* The newest frames of a station, by their numbers. */
export class Frames {
    constructor(id, signal) {
        Object.assign(this, {id, signal, list: [], last: 0, text: 0, calls: new Map(), epoch: 0, loading: null, error: null, listeners: []});
        this.catchUp = gather(() => this.more(this.last), CATCH_UP_EVERY);
    }

    onChange(listener) {
        this.listeners.push(listener);
    }

    add(line, n) {
        const frame = parse(line, n);
        if (frame.type === "CALL")
            this.calls.set(`${frame.from} ${frame.id}`, frame.action);
        else if (frame.id !== undefined && !frame.action)
            frame.action = this.calls.get(`${frame.from === "csms" ? "station" : "csms"} ${frame.id}`) ?? "";
        this.list.push(frame);
        this.last = n;
        this.text += frame.text.length;
        while (this.list.length > MOST || (this.text > MOST_TEXT && this.list.length > 1)) {
            const old = this.list.shift();
            this.text -= old.text.length;
            if (old.type === "CALL")
                this.calls.delete(`${old.from} ${old.id}`);
        }
    }

    /* Those behind a number, or the newest. The answer's frames have consecutive numbers up to Last-Frame. */
    async ask(since) {
        const answer = await request("GET", at("stations", this.id, "frames"), {query: {since}, signal: this.signal});
        const last = Number(answer.headers.get("Last-Frame"));
        const lines = (await answer.text()).split("\n").filter(Boolean);
        lines.forEach((line, i) => {
            const n = last - (lines.length - 1 - i);
            if (n > this.last)
                this.add(JSON.parse(line), n);
        });
        return lines.length > 0;
    }

    async more(since) {
        if (this.loading)
            return this.loading;
        this.loading = (async () => {
            try {
                while (await this.ask(since))
                    since = this.last;
                this.error = null;
            } catch (error) {
                this.error = error;
            }
            this.loading = null;
            this.listeners.forEach((l) => l());
        })();
        return this.loading;
    }

    /* All anew: at first, and where events were missed. */
    load() {
        Object.assign(this, {list: [], last: 0, text: 0, calls: new Map(), epoch: this.epoch + 1});
        return this.more(undefined);
    }

    event({number: n, line}) {
        if (this.loading || n > this.last + 1)
            this.catchUp();
        else if (n === this.last + 1) {
            this.add(line, n);
            this.listeners.forEach((l) => l());
        }
    }
}

export async function copy(text) {
    try {
        await navigator.clipboard.writeText(text);
        note("Copied.", "good");
    } catch {
        note("The browser does not let this page copy. Select the text and copy it with the keyboard.", "bad");
    }
}

/* Any JSON as people read it. */
export function pretty(value) {
    return JSON.stringify(value, null, 2) ?? "";
}

function openFrame(details, frame) {
    if (!details.open || details.children.length > 1)
        return;
    const whole = frame.json ? pretty(frame.json) : frame.text;
    details.append(el("div", {class: "frame-body"},
        el("pre", {tabindex: 0, role: "region", "aria-label": `${frame.type} ${frame.action}`}, whole.slice(0, SHOWN_MOST)),
        whole.length > SHOWN_MOST ? el("p", {class: "quiet"}, `The first ${number(SHOWN_MOST)} of ${number(whole.length)} characters; Copy gets all.`) : null,
        el("div", {class: "buttons"}, action("Copy", () => copy(whole)), el("small", {class: "quiet"}, `frame ${frame.number} · ${exact(new Date(frame.time))} (${frame.time})`))));
}

const TONES = {ERROR: "bad", RESULTERROR: "bad", malformed: "bad", CALL: "run", SEND: "run"};

function makeRow(frame) {
    const when = new Date(frame.time), today = new Date().toDateString() === when.toDateString();
    const fromIt = frame.from === "station";
    const details = el("details", {on: {toggle: () => openFrame(details, frame)}},
        el("summary", {class: "frame"},
           el("time", {datetime: frame.time, title: exact(when)}, today ? clock.format(when) : `${day.format(when)} ${clock.format(when)}`),
           el("span", {class: "frame-from", "data-from": frame.from}, fromIt ? "←" : "→", el("span", {}, fromIt ? " from station" : " to station")),
           el("span", {class: "badge", "data-tone": TONES[frame.type]}, frame.type),
           el("span", {class: "frame-action"}, frame.action || (frame.type === "malformed" ? frame.text.slice(0, 80) : "–"), frame.code ? ` · ${frame.code}` : ""),
           el("span", {class: "quiet numeric frame-size"}, bytes(frame.text.length))));
    return el("li", {}, details);
}

/* The section of frames. */
class View {
    constructor(context) {
        this.frames = context.frames;
        Object.assign(this, {rows: new Map(), epoch: -1, follow: true, wanted: {search: "", type: "", action: ""}, actions: ""});
        this.list = el("ol", {class: "frames"});
        this.box = el("div", {class: "frames-box", tabindex: 0, role: "region", "aria-label": "Frames, the newest last"}, this.list);
        this.box.addEventListener("scroll", () => this.onScroll(), {passive: true});
        this.said = el("p", {class: "quiet", role: "status"}, "Loading …");
        this.button = el("button", {type: "button", on: {click: () => { this.held = this.follow; this.setFollow(!this.follow); }}}, "Pause");
        const change = (name, input) => () => { this.wanted[name] = input.value; this.filter(); };
        const search = el("input", {type: "search", "aria-label": "Search in frames", placeholder: "Search in the JSON", on: {input: () => change("search", search)()}});
        const type = select([["", "All types"], ...[...Object.values(TYPES), "malformed"].map((t) => [t, t])], "", {"aria-label": "Type", on: {change: () => change("type", type)()}});
        this.actionBox = select([["", "All actions"]], "", {"aria-label": "Action", on: {change: () => change("action", this.actionBox)()}});
        this.element = el("section", {class: "frames-section", "aria-label": "Frames"}, el("h2", {class: "visually-hidden"}, "Frames"),
                          el("div", {class: "filters", role: "search"}, search, type, this.actionBox, this.button), this.said, this.box);
    }

    fits(frame) {
        const w = this.wanted;
        return (!w.type || frame.type === w.type) && (!w.action || frame.action === w.action) &&
            (!w.search || frame.text.toLowerCase().includes(w.search.toLowerCase()) || frame.action.toLowerCase().includes(w.search.toLowerCase()));
    }

    filter() {
        for (const {frame, row} of this.rows.values())
            row.hidden = !this.fits(frame);
        this.say();
        if (this.follow)
            this.toEnd();
    }

    setFollow(follow) {
        this.follow = follow;
        this.show();
    }

    toEnd() {
        this.box.scrollTop = this.box.scrollHeight;
        this.top = this.box.scrollTop;
    }

    /* Who scrolls up reads, and is not disturbed; who comes back to the end follows again, unless the button said to pause. */
    onScroll() {
        const {scrollTop, scrollHeight, clientHeight} = this.box, end = scrollHeight - scrollTop - clientHeight < 8;
        if (this.follow && !end && scrollTop < this.top - 4)
            this.setFollow(false);
        else if (!this.follow && !this.held && end)
            this.setFollow(true);
        this.top = scrollTop;
    }

    say() {
        const {list, error} = this.frames, newest = this.newest ?? 0;
        const waiting = this.follow ? 0 : list.filter((f) => f.number > newest).length;
        const seen = [...this.rows.values()].filter(({row}) => !row.hidden).length;
        setText(this.button, this.follow ? "Pause" : waiting > 0 ? `Follow (${number(waiting)} new)` : "Follow");
        setText(this.said, error ? error.message : this.frames.loading && list.length === 0 ? "Loading …" : list.length === 0
            ? "No frames are kept of this station. They appear here as they come." : `${number(seen)} of ${number(this.rows.size)} frames shown${this.follow ? "" : ", paused"}`);
    }

    showActions() {
        const actions = [...new Set(this.frames.list.map((f) => f.action).filter(Boolean))].sort();
        if (this.actions === actions.join("\n"))
            return;
        this.actions = actions.join("\n");
        if (this.wanted.action && !actions.includes(this.wanted.action))
            actions.push(this.wanted.action);
        replace(this.actionBox, [["", "All actions"], ...actions.map((a) => [a, a])].map(([value, text]) => el("option", {value}, text)));
        this.actionBox.value = this.wanted.action;
    }

    show() {
        const anew = this.epoch !== this.frames.epoch;
        if (anew && (this.frames.loading && this.rows.size > 0))
            return; // what is there stays until the new ones are
        if (anew) {
            this.rows.clear();
            this.newest = 0;
            this.list.replaceChildren();
            this.epoch = this.frames.epoch;
        }
        if (anew || this.follow)
            this.fill();
        this.say();
    }

    fill() {
        const {list} = this.frames, oldest = list[0]?.number ?? 0, fresh = [];
        for (const [n, {row}] of this.rows) {
            if (n >= oldest)
                break;
            row.remove();
            this.rows.delete(n);
        }
        for (let i = list.length - 1; i >= 0 && list[i].number > (this.newest ?? 0); i--)
            fresh.unshift(list[i]);
        for (const frame of fresh) {
            const row = makeRow(frame);
            row.hidden = !this.fits(frame);
            this.rows.set(frame.number, {frame, row});
        }
        this.list.append(...fresh.map((f) => this.rows.get(f.number).row));
        this.newest = list.at(-1)?.number ?? 0;
        this.showActions();
        if (this.follow)
            this.toEnd();
    }
}

export function makeFrames(context) {
    const view = new View(context);
    return {element: view.element, show: () => view.show()};
}
