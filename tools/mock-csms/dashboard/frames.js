/* The frames of a station: kept as they come, and listed; one that is opened shows its whole JSON. */
import {at, request} from "./api.js";
import {action, copyButton, el, replace, select, setAttribute, setText} from "./dom.js";
import {bytes, exact, number} from "./format.js";
import {Grid} from "./grid.js";
import {gather} from "./live.js";

const MOST = 2000, MOST_TEXT = 32 << 20; // frames kept in the page, and characters of all of them
const SHOWN_MOST = 100000;               // characters of one frame that are shown; copying gets all
const CATCH_UP_EVERY = 200;              // milliseconds

const TYPES = {__proto__: null, 2: "CALL", 3: "RESULT", 4: "ERROR", 5: "RESULTERROR", 6: "SEND"};

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

/* Any JSON as people read it. */
export function pretty(value) {
    return JSON.stringify(value, null, 2) ?? "";
}

/* A whole frame, as it is read and copied. */
function showFrame(frame, close) {
    const whole = frame.json ? pretty(frame.json) : frame.text, name = `${frame.type} ${frame.action}`;
    const shown = el("pre", {tabindex: 0, role: "region", "aria-label": name}, whole.slice(0, SHOWN_MOST));
    return [el("div", {class: "head"}, el("h3", {}, name),
               el("div", {class: "buttons"}, copyButton(whole, () => getSelection().selectAllChildren(shown)),
                  el("button", {type: "button", on: {click: close}}, "Close"))),
            el("small", {class: "quiet"}, `frame ${frame.number}, ${wayOf(frame)} · ${exact(new Date(frame.time))} (${frame.time})`),
            shown,
            whole.length > SHOWN_MOST ? el("p", {class: "quiet"}, `The first ${number(SHOWN_MOST)} of ${number(whole.length)} characters; Copy gets all.`) : null];
}

function wayOf(frame) {
    return frame.from === "station" ? "from station" : "to station";
}

function clockOf(frame) {
    const when = new Date(frame.time), today = new Date().toDateString() === when.toDateString();
    return today ? clock.format(when) : `${day.format(when)} ${clock.format(when)}`;
}

const TONES = {ERROR: "bad", RESULTERROR: "bad", malformed: "bad", CALL: "run", SEND: "run"};

const COLUMNS = [
    {name: "time", label: "Time", track: "10rem", phone: "6.4rem", text: clockOf},
    {name: "from", label: "Way", track: "8.5rem", phone: "2rem", show(cell, f) {
        if (!cell.firstChild)
            cell.append(el("span", {}), el("span", {class: "frame-way"}));
        setText(cell.firstChild, f.from === "station" ? "←" : "→");
        setText(cell.lastChild, ` ${wayOf(f)}`);
    }},
    {name: "type", label: "Type", track: "8rem", phone: "5.6rem", show(cell, f) {
        if (!cell.firstChild)
            cell.append(el("span", {class: "badge"}));
        setText(cell.firstChild, f.type);
        setAttribute(cell.firstChild, "data-tone", TONES[f.type]);
    }},
    {name: "action", label: "Action", track: "1fr", phone: true,
     text: (f) => (f.action || (f.type === "malformed" ? f.text.slice(0, 80) : "–")) + (f.code ? ` · ${f.code}` : "")},
    {name: "size", label: "Size", track: "6rem", numeric: true, text: (f) => bytes(f.text.length)},
];

/* The section of frames: all that are kept, of which those that fit are listed, and one opened. */
class View {
    constructor(context) {
        this.frames = context.frames;
        Object.assign(this, {kept: [], epoch: -1, newest: 0, follow: true, held: false, wanted: {search: "", type: "", action: ""}, actions: ""});
        this.grid = new Grid(COLUMNS, {label: "Frames, the newest last; Enter opens one", key: (f) => f.number, open: (f) => this.open(f)});
        this.grid.scroll.addEventListener("scroll", () => this.onScroll(), {passive: true});
        context.signal.addEventListener("abort", () => this.grid.close());
        this.opened = el("section", {class: "card frame-opened", "aria-label": "The opened frame", hidden: true});
        this.said = el("p", {class: "quiet", role: "status"}, "Loading …");
        this.button = el("button", {type: "button", on: {click: () => { this.held = this.follow; this.setFollow(!this.follow); }}}, "Pause");
        const change = (name, input) => { this.wanted[name] = input.value; this.arrange(); };
        const search = el("input", {type: "search", "aria-label": "Search in frames", placeholder: "Search in the JSON", on: {input: () => change("search", search)}});
        const type = select([["", "All types"], ...[...Object.values(TYPES), "malformed"].map((t) => [t, t])], "", {"aria-label": "Type", on: {change: () => change("type", type)}});
        this.actionBox = select([["", "All actions"]], "", {"aria-label": "Action", on: {change: () => change("action", this.actionBox)}});
        this.element = el("section", {class: "frames-section", "aria-label": "Frames"}, el("h2", {class: "visually-hidden"}, "Frames"),
                          el("div", {class: "filters", role: "search"}, search, type, this.actionBox, this.button), this.said,
                          el("div", {class: "frames-split"}, this.grid.element, this.opened));
    }

    open(frame) {
        const close = () => {
            this.opened.hidden = true;
            this.grid.go(this.grid.current);
        };
        replace(this.opened, showFrame(frame, close));
        this.opened.hidden = false;
        this.opened.scrollIntoView({block: "nearest"});
    }

    fits(frame) {
        const w = this.wanted, search = w.search.toLowerCase();
        return (!w.type || frame.type === w.type) && (!w.action || frame.action === w.action) &&
            (!search || frame.text.toLowerCase().includes(search) || frame.action.toLowerCase().includes(search));
    }

    arrange() {
        this.grid.setRows(this.kept.filter((f) => this.fits(f)));
        this.say();
        if (this.follow)
            this.toEnd();
    }

    setFollow(follow) {
        this.follow = follow;
        this.show();
    }

    toEnd() {
        const {scroll} = this.grid;
        scroll.scrollTop = scroll.scrollHeight;
        this.top = scroll.scrollTop;
    }

    /* Who scrolls up reads, and is not disturbed; who comes back to the end follows again, unless the button said to pause. */
    onScroll() {
        const {scrollTop, scrollHeight, clientHeight} = this.grid.scroll, end = scrollHeight - scrollTop - clientHeight < 8;
        if (this.follow && !end && scrollTop < this.top - 4)
            this.setFollow(false);
        else if (!this.follow && !this.held && end)
            this.setFollow(true);
        this.top = scrollTop;
    }

    say() {
        const {list, error, loading} = this.frames, waiting = this.follow ? 0 : list.filter((f) => f.number > this.newest).length;
        setText(this.button, this.follow ? "Pause" : waiting > 0 ? `Follow (${number(waiting)} new)` : "Follow");
        setText(this.said, error ? error.message : loading && this.kept.length === 0 ? "Loading …" : this.kept.length === 0
            ? "No frames are kept of this station. They appear here as they come."
            : `${number(this.grid.rows.length)} of ${number(this.kept.length)} frames listed${this.follow ? "" : ", paused"}`);
    }

    showActions() {
        const actions = [...new Set(this.kept.map((f) => f.action).filter(Boolean))].sort();
        if (this.wanted.action && !actions.includes(this.wanted.action))
            actions.push(this.wanted.action);
        if (this.actions === actions.join("\n"))
            return;
        this.actions = actions.join("\n");
        replace(this.actionBox, [["", "All actions"], ...actions.map((a) => [a, a])].map(([value, text]) => el("option", {value}, text)));
        this.actionBox.value = this.wanted.action;
    }

    show() {
        const {list, epoch, loading} = this.frames, anew = this.epoch !== epoch;
        if (anew && loading)
            return this.say(); // what is there stays until the new ones are
        const newest = list.at(-1)?.number ?? 0;
        if ((!anew && !this.follow) || (!anew && newest === this.newest))
            return this.say();
        Object.assign(this, {kept: list.slice(), newest, epoch});
        this.showActions();
        return this.arrange();
    }
}

export function makeFrames(context) {
    const view = new View(context);
    return {element: view.element, show: () => view.show()};
}
