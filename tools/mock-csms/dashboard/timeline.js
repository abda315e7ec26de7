/* The last update of a station as a time line: a picture of its phases, what went wrong, and the same as a table. The steps are those that
 * GET of a station tells; their words are OCPP's (FirmwareStatusEnumType and the statuses of UpdateFirmware's answer). */
import {el, empty, replace, setText, svg} from "./dom.js";
import {exact, relative, time} from "./format.js";
import {gather} from "./live.js";
import {STATUSES, statusOf} from "./update.js";

const NARROW = 720;  // pixels: the picture goes down instead of to the right
const TICK = 1000;   // milliseconds: how long what is under way has taken
const STAND = 260;   // pixels of the picture where nothing says how wide it may be

/* key: word. "waiting" is only there where a station has waited. */
const PHASES = {scheduled: "Scheduled", downloading: "Downloading", verifying: "Verifying", waiting: "Waiting", installing: "Installing", reboot: "Reboot", confirmed: "Confirmed"};

/* The phase that begins with a status. */
const BEGINS = {__proto__: null, DownloadScheduled: "scheduled", Downloading: "downloading", DownloadPaused: "downloading", Downloaded: "verifying", SignatureVerified: "waiting",
                InstallScheduled: "waiting", Installing: "installing", InstallRebooting: "reboot"};

/* The phase that fails by a status, and what to do then; the same where it has started anew before it said so. */
const FAILS = {
    __proto__: null, // a station may say "constructor"
    DownloadFailed: ["downloading", "The station could not fetch the file. Can it reach the place that it was told, and is the file still there?"],
    InvalidSignature: ["verifying", "The station does not believe the signature of the file. Is the certificate issued by a root that it knows, and is the file the one that was signed?"],
    InstallationFailed: ["installing", "The station has the file, but could not install it. Its log tells why; the old firmware should still run.",
                         "The station has started anew, but not with the new firmware: that did not come up, or was not found good. Its log tells why."],
    InstallVerificationFailed: ["confirmed", "The station did not find the new firmware good, and should be back on the old one. Its log tells why."],
};

const ANSWERS_GOOD = ["Accepted", "AcceptedCanceled", "Answered"];
const MARKS = {done: "✓", failed: "✕", run: "●", skipped: "–", open: ""};
const STATES = {done: "done", failed: "failed", run: "under way", skipped: "not told", open: "not yet"};

/* How long, finer than duration() is where it is short. */
export function took(milliseconds) {
    const s = milliseconds / 1000;
    if (s < 1)
        return `${Math.max(0, Math.round(milliseconds))} ms`;
    if (s < 10)
        return `${s.toFixed(1)} s`;
    if (s < 60)
        return `${Math.round(s)} s`;
    const parts = [[Math.floor(s / 86400), "d"], [Math.floor(s / 3600) % 24, "h"], [Math.floor(s / 60) % 60, "min"], [Math.floor(s) % 60, "s"]];
    const first = parts.findIndex(([n]) => n > 0);
    return parts.slice(first, first + 2).filter(([n]) => n > 0).map(([n, unit]) => `${n} ${unit}`).join(" ");
}

/* Goes through the steps, and keeps since when and until when each phase was. */
class Walk {
    constructor(steps) {
        this.phases = Object.entries(PHASES).map(([key, word]) => ({key, word, from: null, to: null, state: "open", tries: 0}));
        this.at = -1;
        const words = steps.map((s) => s.status);
        this.signed = words.includes("SignatureVerified") || words.includes("InvalidSignature");
        steps.forEach((step, i) => this.step(step, i === steps.length - 1));
    }

    index(key) {
        return this.phases.findIndex((p) => p.key === key);
    }

    close(when) {
        for (const p of this.phases)
            if (p.state === "run")
                Object.assign(p, {to: when, state: "done"});
    }

    /* Also back to a phase, when something is tried again. */
    enter(key, when) {
        const i = this.index(key), phase = this.phases[i];
        if (i === this.at && phase.state === "run")
            return;
        this.close(when);
        Object.assign(phase, {from: phase.from ?? when, to: null, state: "run", tries: phase.tries + 1});
        this.phases.forEach((p, j) => {
            if (j > i)
                Object.assign(p, {from: null, to: null, state: "open", tries: 0});
            else if (j < i && p.state === "open")
                p.state = "skipped";
        });
        this.at = i;
    }

    fail(key, when, status) {
        if (this.index(key) > this.at || this.at < 0)
            this.enter(key, when);
        Object.assign(this.phases[this.at], {to: when, state: "failed", failed: status});
    }

    step({kind, status, at}, last) {
        const when = Date.parse(at), here = this.phases[this.at]?.key;
        if (kind === "order")
            this.enter("scheduled", when);
        else if (kind === "answer") {
            if (!ANSWERS_GOOD.includes(status))
                this.fail("scheduled", when, status);
        } else if (kind === "boot") {
            if (here === "installing" || here === "reboot")
                this.enter("confirmed", when);
        } else if (FAILS[status])
            this.fail(FAILS[status][0], when, status);
        else if (status === "Installed") {
            this.enter("confirmed", when);
            this.close(when);
        } else if (status === "Downloaded" && !this.signed && !last)
            this.enter("waiting", when);
        else if (BEGINS[status])
            this.enter(BEGINS[status], when);
    }
}

/* The phases of an update: key, word, from, to (milliseconds; null: not yet), state, tries, failed. */
export function phasesOf(steps) {
    return new Walk(steps).phases.filter((p) => p.key !== "waiting" || p.from !== null);
}

function lengthOf(phase, now) {
    return phase.from === null ? null : Math.max(0, (phase.to ?? now) - phase.from);
}

function textOf(phase, now) {
    const long = lengthOf(phase, now);
    const again = phase.tries > 1 ? `, ${phase.tries} times` : "";
    return long === null || (long === 0 && phase.state === "done") ? STATES[phase.state] + again : `${took(long)}${phase.state === "done" ? "" : `, ${STATES[phase.state]}`}${again}`;
}

function clockOf(phase, now) {
    return phase.from === null ? "" : `${exact(phase.from).replace(/^.*, /, "")} · ${relative(phase.from, now)}`;
}

function markOf(phase, x, y) {
    return [svg("circle", {class: "phase-dot", "data-state": phase.state, cx: x, cy: y, r: 11}),
            svg("text", {class: "phase-mark", "data-state": phase.state, x, y: y + 4.5, "text-anchor": "middle"}, MARKS[phase.state])];
}

/* Where the time went: a line as long as each phase took. */
function drawShares(phases, now, width, y) {
    const had = phases.map((p) => ({p, long: lengthOf(p, now)})).filter(({long}) => long > 0);
    const all = had.reduce((sum, {long}) => sum + long, 0), space = width - 3 * had.length;
    let x = 0;
    return had.map(({p, long}) => {
        const wide = Math.max(2, space * long / all), word = `${p.word} ${Math.round(100 * long / all)} %`;
        const parts = [svg("rect", {class: "phase-share", "data-state": p.state, x, y, width: wide, height: 12, rx: 2}, svg("title", {}, `${p.word}: ${took(long)}`)),
                       wide > word.length * 7 ? svg("text", {class: "phase-time", x, y: y + 28}, word) : null];
        x += wide + 3;
        return parts;
    });
}

function drawAcross(phases, now, width) {
    const column = width / phases.length;
    return [svg("line", {class: "phase-line", x1: 12, x2: width - column + 12, y1: 14, y2: 14}),
            phases.map((p, i) => [markOf(p, i * column + 12, 14), svg("text", {class: "phase-word", x: i * column, y: 46}, p.word),
                                  svg("text", {class: "phase-time", "data-state": p.state, x: i * column, y: 64}, textOf(p, now)),
                                  svg("text", {class: "phase-time", x: i * column, y: 81}, clockOf(p, now))]),
            drawShares(phases, now, width, 100)];
}

function drawDown(phases, now, width) {
    return [svg("line", {class: "phase-line", x1: 12, x2: 12, y1: 14, y2: 14 + 46 * (phases.length - 1)}),
            phases.map((p, i) => [markOf(p, 12, 14 + 46 * i), svg("text", {class: "phase-word", x: 34, y: 14 + 46 * i}, p.word),
                                  svg("text", {class: "phase-time", "data-state": p.state, x: width, y: 14 + 46 * i, "text-anchor": "end"}, textOf(p, now)),
                                  svg("text", {class: "phase-time", x: 34, y: 31 + 46 * i}, clockOf(p, now))]),
            drawShares(phases, now, width, 46 * phases.length)];
}

function draw(phases, now, width) {
    const down = width < NARROW, height = down ? 46 * phases.length + 34 : 134;
    const words = phases.map((p) => `${p.word}: ${textOf(p, now)}`).join("; ");
    return svg("svg", {class: "phases", role: "img", "aria-label": `The update over time. ${words}. The table below has all times.`, width, height, viewBox: `0 0 ${width} ${height}`},
               (down ? drawDown : drawAcross)(phases, now, width));
}

function wordOf(step) {
    if (step.kind === "order")
        return `Ordered by ${step.action ?? "the CSMS"}`;
    if (step.kind === "answer")
        return `Answer: ${step.status}`;
    if (step.kind === "boot")
        return "Booted";
    return STATUSES[step.status] ? statusOf(step).text : step.status;
}

function table(steps) {
    const rows = steps.map((step, i) => {
        const since = i > 0 ? took(Date.parse(step.at) - Date.parse(steps[i - 1].at)) : "–";
        const more = [step.requestId !== undefined ? `request ${step.requestId}` : null, step.firmwareVersion ? `with firmware ${step.firmwareVersion}` : null].filter(Boolean).join(", ");
        return el("tr", {"data-tone": FAILS[step.status] ? "bad" : null}, el("th", {scope: "row"}, wordOf(step), more ? el("small", {class: "quiet"}, ` ${more}`) : null),
                  el("td", {}, time(step.at)), el("td", {class: "numeric"}, since));
    });
    return el("div", {class: "table", tabindex: 0, role: "region", "aria-label": "The steps of the update"}, el("table", {},
        el("thead", {}, el("tr", {}, el("th", {scope: "col"}, "Step"), el("th", {scope: "col"}, "When"), el("th", {scope: "col", class: "numeric"}, "After"))),
        el("tbody", {}, rows)));
}

/* What the station said beside the status, in 2.1: statusInfo of the last frame with this status. */
const ABOUT_UPDATES = /^(Signed)?(UpdateFirmware|FirmwareStatusNotification)$/;

function infoOf(frames, status) {
    const frame = status ? frames.list.findLast((f) => f.from === "station" && ABOUT_UPDATES.test(f.action) && f.payload?.status === status) : null;
    const info = frame?.payload.statusInfo;
    return info ? [info.reasonCode, info.additionalInfo].filter(Boolean).map(String).join(": ") : "";
}

function wentWrong(phases, frames) {
    const failed = phases.find((p) => p.state === "failed");
    if (!failed)
        return null;
    const [, early, late] = FAILS[failed.failed] ?? [null, "The station did not take the order. Its frames show the answer; make a new push when that is mended."];
    const info = infoOf(frames, failed.failed);
    return el("div", {class: "trouble", role: "alert"}, el("strong", {}, `${failed.word}: ${STATUSES[failed.failed]?.[2] ?? failed.failed}`),
              info ? el("p", {}, `The station says: ${info}`) : null, el("p", {}, failed.key === "confirmed" && late ? late : early));
}

function sentence(update, phases, now) {
    const begun = phases.find((p) => p.from !== null), end = phases.findLast((p) => p.to !== null)?.to ?? now;
    const under = phases.some((p) => p.state === "run");
    return begun ? `${under ? "Under way for" : "Took"} ${took((under ? now : end) - begun.from)}, begun ${relative(begun.from, now)}.` : "";
}

/* The section; context.station.update.steps is what it shows. */
export function makeTimeline(context) {
    const word = el("span", {class: "badge"}), said = el("span", {class: "quiet"}), wrong = el("div"), picture = el("div", {class: "phases-box"}), list = el("div");
    const element = el("section", {class: "card", "aria-label": "Last update"}, el("div", {class: "head"}, el("h2", {}, "Last update"), word, said), wrong, picture, list);
    let shown = "", phases = [], wrongly = "";
    const paint = () => {
        const now = Date.now(), width = picture.clientWidth || STAND;
        setText(said, sentence(context.station.update, phases, now));
        replace(picture, draw(phases, now, width));
    };
    // At the next frame: drawn in this one, the picture's new height would be a change to be told again.
    const observer = new ResizeObserver(gather(() => phases.length > 0 && paint()));
    observer.observe(picture);
    const timer = setInterval(() => phases.some((p) => p.state === "run") && !document.hidden && paint(), TICK);
    context.signal.addEventListener("abort", () => {
        clearInterval(timer);
        observer.disconnect();
    });
    return {element, show() {
        const {update} = context.station, steps = update?.steps ?? [], key = JSON.stringify(update);
        const {text, tone} = update?.status ? statusOf(update) : {text: steps.length > 0 ? wordOf(steps.at(-1)) : "", tone: ""};
        setText(word, text);
        word.dataset.tone = tone;
        word.hidden = text === "";
        if (key !== shown) {
            phases = steps.length > 0 ? phasesOf(steps) : [];
            if (phases.length > 0) {
                paint();
                replace(list, table(steps));
            } else {
                replace(picture);
                replace(list, empty("No update yet", "When this station is told to update, each step is here with its time. ",
                                    el("a", {href: `#/push/new?station=${encodeURIComponent(context.id)}`}, "Push a firmware to it"), "."));
            }
        }
        const trouble = JSON.stringify([steps, infoOf(context.frames, phases.find((p) => p.state === "failed")?.failed)]);
        if (trouble !== wrongly)
            replace(wrong, wentWrong(phases, context.frames));
        shown = key;
        wrongly = trouble;
    }};
}
