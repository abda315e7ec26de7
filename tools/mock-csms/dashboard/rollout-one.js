/* One roll-out: how it stands and why, its groups, a picture of them over time, its stations, and what an operator can do. */
import {all, at, get} from "./api.js";
import {el, empty, facts, legible, replace, setText} from "./dom.js";
import {duration, number, time} from "./format.js";
import {gather, listen} from "./live.js";
import {badge} from "./update.js";
import {makeButtons} from "./rollout-act.js";
import {Chart} from "./rollout-chart.js";
import {Targets} from "./rollout-targets.js";
import {firmwareName, groupState, isOver, phaseText, phasesOf, showBadge, stackedLine, stateWords, stoppedItself} from "./rollout-words.js";

const REPAINT_EVERY = 200, DRAW_EVERY = 500, HISTORY_EVERY = 1000, SAMPLE_EVERY = 1000, AXIS_EVERY = 5000; // milliseconds
const SAMPLES_MOST = 600; // then the thinned ones are asked for again

/* "2 of 19 (95%)": so many of a threshold, which may be a share; null: there is none. */
function ofLimit(n, limit, share) {
    return limit === null ? number(n) : `${number(n)} of ${number(limit)}${share?.endsWith("%") ? ` (${share})` : ""}`;
}

/* What to do when it has stopped by itself; what superseded it has another chance with those that failed. */
function nextStep(r) {
    return r.counts.failed > 0 ? "Look at the stations that failed; then resume, supersede or abort." : "Those that failed are due again: resume when you are ready.";
}

/* What stopped it, or what troubles it: large, where there is something. */
function stopBox(r, showFailed) {
    if (r.trouble)
        return el("div", {class: "trouble rollout-stop", role: "alert"}, el("strong", {}, "It rests: its last step could not be stored."),
            el("p", {}, r.trouble), el("p", {}, "Nobody was told by that step. It is tried again by itself; make room on the disk of mock-csms."));
    if (r.state !== "paused" && r.state !== "aborted")
        return null;
    const itself = stoppedItself(r);
    const title = itself ? "It has stopped by itself." : `${r.state === "paused" ? "Paused" : "Aborted"} by ${r.by}.`;
    return el("div", {class: `rollout-stop ${itself ? "trouble" : "card"}`, role: itself ? "alert" : null}, el("strong", {}, title),
        el("p", {class: "rollout-cause"}, r.reason || "No reason was given."),
        el("p", {class: "quiet"}, time(r.since), itself ? ` · ${nextStep(r)}` : ""),
        r.counts.failed > 0 ? el("button", {type: "button", on: {click: showFailed}}, `Show the failed stations (${number(r.counts.failed)})`)
                            : null);
}

function showPlan(r, firmware) {
    return facts([
        ["Firmware", r.order ? firmwareName(r, firmware) : el("a", {href: `#/firmware/${r.firmware}`}, firmwareName(r, firmware))],
        ["Version", r.version || "–"],
        ["Fetch", r.retrieve ?? "at once"],
        ["Install", r.install ?? "at once"],
        r.spread ? ["Spread over", duration(r.spread)] : null,
        r.startAt ? ["Begins not before", time(r.startAt)] : null,
        [
            "Failures stop it",
            r.failureLimit === null ? "only by the limits of groups" : `${ofLimit(r.counts.failed ?? 0, r.failureCount, r.failureLimit)} failed`
        ],
        [
            "Tried again",
            r.retry.times > 0 ? `${r.retry.times === 1 ? "once" : `${r.retry.times} times`}, after ${duration(r.retry.after)}` : "never"
        ],
        ["At a time", r.inFlightMax > 0 ? `${number(r.inFlightMax)} stations` : "all that are due"],
        ["No answer", `failed after ${duration(r.answerTimeout)}`],
        ["No progress", `failed after ${duration(r.progressTimeout)}`],
        r.plain || r.order ? ["Signature", r.plain ? "left out" : r.order.signature ? "told" : "none"] : null,
    ]);
}

/* The table of groups; show(r) fills it anew. */
function makeGroups(choose) {
    const body = el("tbody");
    const rows = [];
    const makeRow = (group) => {
        const state = badge("", ""), line = stackedLine(), words = el("small", {class: "quiet"}), begun = el("td"), reached = el("td");
        const installed = el("td", {class: "numeric"}),
              failed = el("button", {type: "button", class: "quiet rollout-count", on: {click: () => choose({state: "failed", group: group.name})}});
        const row = el("tr", {}, el("th", {scope: "row"}, group.name), el("td", {}, state),
            el("td", {class: "rollout-progress"}, line.element, words), installed, el("td", {class: "numeric"}, failed),
            el("td", {class: "numeric"}, group.wait > 0 ? duration(group.wait) : "–"), begun, reached);
        body.append(row);
        return {show(g, r) {
            const count = g.counts.failed ?? 0;
            showBadge(state, groupState(g, r));
            line.show(g.counts, g.size);
            setText(words, phaseText(phasesOf(g.counts)));
            setText(installed, ofLimit(g.counts.installed ?? 0, g.successCount, g.success));
            setText(failed, ofLimit(count, g.failureCount, g.failureLimit));
            failed.classList.toggle("rollout-failed", count > 0);
            failed.setAttribute("aria-label", `${count} failed in ${g.name}: list them`);
            for (const [cell, at_] of [[begun, g.begunAt], [reached, g.reachedAt]])
                if (cell.dataset.at !== String(at_)) {
                    cell.dataset.at = String(at_);
                    replace(cell, time(at_, true));
                }
        }};
    };
    const heads = [
        ["Group"], ["State"], ["Progress"], ["Installed of needed", "numeric"], ["Failed of limit", "numeric"], ["Then waits", "numeric"], ["Begun"],
        ["Reached"]
    ];
    return {element: el("div", {class: "table", tabindex: 0, role: "region", "aria-label": "Groups"}, el("table", {},
                el("thead", {}, el("tr", {}, heads.map(([word, name]) => el("th", {scope: "col", class: name}, word)))), body)),
            show(r) {
                r.groups.forEach((g, i) => (rows[i] ??= makeRow(g)).show(g, r));
            }};
}

/* What the picture shows: asked for, and continued by what events tell. */
class History {
    constructor(id, signal) {
        Object.assign(this, {id, signal, samples: [], marks: [], to: 0, ended: false});
    }

    async load() {
        const told = await get(at("rollouts", this.id, "history"), {}, this.signal);
        const timed = (list) => list.map((one) => ({...one, at: Date.parse(one.at)}));
        this.samples = timed(told.samples);
        this.marks = timed(told.marks);
        this.to = told.to ? Date.parse(told.to) : 0;
        this.offset = this.to - Date.now(); // the server's clock is what counts
    }

    /* What is now. True: it is time to ask anew. */
    add(r) {
        if (this.samples.length === 0)
            return r.state !== "ready";
        const now = Math.max(Date.now() + this.offset, this.samples.at(-1).at), groups = r.groups.map((g) => phasesOf(g.counts));
        if (JSON.stringify(groups) !== JSON.stringify(this.samples.at(-1).groups)) {
            const last = this.samples.at(-1);
            if (last.live && now - last.at < SAMPLE_EVERY)
                last.groups = groups;
            else
                this.samples.push({at: now, groups, live: true});
        }
        this.to = now;
        return this.samples.length > SAMPLES_MOST;
    }

    /* Of one that is under way the right end is now. */
    goOn(r) {
        if (!isOver(r) && this.samples.length > 0)
            this.to = Math.max(this.to, Date.now() + this.offset);
    }
}

/* What makes the marks: they are asked for when it changes; so are the stations, since those that are only due now are not told one by one. */
function markKey(r) {
    return JSON.stringify([r.state, r.since, r.firmware, r.order, r.version, r.groups.map((g) => [g.begunAt, g.reachedAt])]);
}

export async function show(main, {id, query, signal: leaving}) {
    const gone = new AbortController(), signal = AbortSignal.any([leaving, gone.signal]); // deleted: nothing more is asked for
    const [first, files] = await Promise.all([get(at("rollouts", id), {}, signal), all(at("firmware"), {}, signal)]);
    const firmware = new Map(files.map((f) => [f.id, f])), past = new History(id, signal);
    const state = badge("", ""), next = el("p", {class: "rollout-next", role: "status"}), stop = el("div"), line = stackedLine(),
          plan = el("div", {class: "card"});
    const words = el("p", {class: "quiet"}), chart = new Chart(), targets = new Targets(id, query, signal);
    const choose = (wanted) => { targets.choose(wanted); targets.element.scrollIntoView({block: "start"}); };
    const groups = makeGroups(choose);
    let r = first, shown = "", planned = "", marked = "", wanted = Boolean(query.state);
    const draw = gather(() => { past.goOn(r); chart.show(r, past); }, DRAW_EVERY);
    const reload = gather(() => past.load().then(draw).catch(() => {}), HISTORY_EVERY);
    const reloadTargets = gather(() => targets.load().catch(() => {}), HISTORY_EVERY);
    const paint = () => {
        const cause = JSON.stringify([r.state, r.by, r.reason, r.since, r.trouble, r.counts.failed]);
        showBadge(state, stateWords(r));
        setText(next, r.next);
        next.hidden = !r.next;
        line.show(r.counts, r.size);
        setText(words, `${number(r.size)} stations: ${phaseText(phasesOf(r.counts))}`);
        buttons.show(r);
        groups.show(r);
        targets.show(r);
        if (shown !== cause)
            replace(stop, stopBox(r, () => choose({state: "failed", group: ""})));
        shown = cause;
        const what = JSON.stringify([r.firmware, r.order, r.version, r.failureCount, r.counts.failed]);
        if (planned !== what)
            replace(plan, el("h2", {}, "Plan"), showPlan(r, firmware));
        planned = what;
        const anew = past.add(r), now = markKey(r);
        if (anew || marked !== now)
            reload();
        if (marked && marked !== now)
            reloadTargets();
        marked = now;
        draw();
    };
    const repaint = gather(paint, REPAINT_EVERY);
    const buttons = makeButtons(id, (now) => { r = now; paint(); });
    const load = async () => {
        r = await get(at("rollouts", id), {}, signal);
        await Promise.all([past.load(), targets.load()]);
        paint();
        if (wanted) // who came for stations in a state is shown them, once
            requestAnimationFrame(() => targets.element.scrollIntoView({block: "start"}));
        wanted = false;
    };
    replace(main, el("p", {class: "quiet rollout-back"}, el("a", {href: "#/rollouts"}, "Roll-outs")),
        el("div", {class: "head"}, el("h1", {}, r.name), state, buttons.element), stop, next,
        el("div", {class: "card rollout-whole"}, line.element, words), el("h2", {}, "Groups"), groups.element, chart.element, plan, targets.element);
    document.title = legible(`${r.name} · mock-csms`);
    paint();
    const axis = setInterval(() => document.hidden || isOver(r) || draw(), AXIS_EVERY);
    signal.addEventListener("abort", () => {
        clearInterval(axis);
        chart.close();
    });
    listen({types: ["rollout", "rollout-deleted", "rollout-target", "station", "station-deleted"], signal, lost: () => load().catch(() => {}), event(type, data) {
        if (type === "rollout" && data.id === r.id) {
            r = data;
            repaint();
        } else if (type === "rollout-target" && data.rollout === r.id) {
            targets.event(data);
        } else if (type === "rollout-deleted" && data.id === r.id) {
            gone.abort();
            replace(main, el("h1", {}, r.name), empty("This roll-out is deleted", el("a", {href: "#/rollouts"}, "To all roll-outs")));
        } else if (type === "station" || type === "station-deleted") {
            targets.seen({online: false, ...data});
        }
    }});
}
