/* What states of roll-outs, groups and stations mean: phase, tone and word, and a line that shows how many are where. */
import {el, setAttribute, setText} from "./dom.js";
import {number} from "./format.js";
import {badge} from "./update.js";

/* Phases, as they are stacked: [word, tone, the states of stations in it]. Told, downloading and installing together are "under way". */
export const PHASES = {
    installed:   ["installed",   "good", ["installed"]],
    installing:  ["installing",  "run",  ["installing", "rebooting"]],
    downloading: ["downloading", "run",  ["downloading", "downloaded"]],
    told:        ["told",        "run",  ["telling", "told", "accepted"]],
    waiting:     ["waiting",     "off",  ["waiting", "due", "retrying", "superseded"]],
    skipped:     ["left out",    "off",  ["skipped"]],
    failed:      ["failed",      "bad",  ["failed"]],
};
export const UNDER_WAY = ["installing", "downloading", "told"];

/* state of a station: [tone, what it means] */
export const TARGET_STATES = {
    failed:      ["bad",  "has failed and is not tried again"],
    retrying:    ["warn", "has failed and is told again later"],
    waiting:     ["off",  "its group has not begun"],
    due:         ["run",  "is told as soon as it is connected and its turn comes"],
    telling:     ["run",  "is being told"],
    told:        ["run",  "has not answered yet"],
    accepted:    ["run",  "has taken the order"],
    downloading: ["run",  "downloads"],
    downloaded:  ["run",  "has the file"],
    installing:  ["run",  "installs"],
    rebooting:   ["run",  "boots"],
    installed:   ["good", "has the firmware"],
    superseded:  ["warn", "is to be told the other firmware"],
    skipped:     ["off",  "is never told"],
};

const STATES = {
    ready: ["ready to start", "off"], running: ["running", "run"], waiting: ["waiting", "run"], paused: ["paused", "warn"],
    finished: ["finished", "good"], aborted: ["aborted", "bad"],
};

/* Whether it stopped by itself. */
export function stoppedItself(r) {
    return r.state === "paused" && r.by !== "operator";
}

export function isOver(r) {
    return r.state === "finished" || r.state === "aborted";
}

export function stateWords(r) {
    const [word, tone] = STATES[r.state] ?? [r.state, "off"];
    return stoppedItself(r) ? ["stopped by itself", "bad"] : [word, tone];
}

export function stateBadge(r) {
    return badge(...stateWords(r));
}

/* counts by state: by phase. */
export function phasesOf(counts) {
    return Object.fromEntries(Object.entries(PHASES).map(([phase, [, , states]]) => [phase, states.reduce((n, s) => n + (counts[s] ?? 0), 0)])
        .filter(([, n]) => n > 0));
}

export function underWay(phases) {
    return UNDER_WAY.reduce((n, phase) => n + (phases[phase] ?? 0), 0);
}

/* "5 installed, 2 under way, 1 failed, 12 waiting" */
export function phaseText(phases) {
    const parts = [
        [phases.installed, "installed"], [underWay(phases), "under way"], [phases.failed, "failed"], [phases.waiting, "waiting"],
        [phases.skipped, "left out"]
    ];
    return parts.filter(([n]) => n > 0).map(([n, word]) => `${number(n)} ${word}`).join(", ") || "no station";
}

/* A line of coloured parts; show(counts, size) again for other numbers. */
export function stackedLine() {
    const parts = [["installed"], ["underway"], ["waiting"], ["skipped"], ["failed"]].map(([name]) => el("span", {"data-part": name}));
    const line = el("div", {class: "stack", role: "img"}, parts);
    return {element: line, show(counts, size) {
        const phases = phasesOf(counts);
        const of = {...phases, underway: underWay(phases)};
        for (const part of parts)
            part.style.width = `${size > 0 ? 100 * (of[part.dataset.part] ?? 0) / size : 0}%`;
        setAttribute(line, "aria-label", phaseText(phases));
        setAttribute(line, "title", phaseText(phases));
    }};
}

/* How far a group is: [word, tone]. */
export function groupState(group, rollout) {
    const phases = phasesOf(group.counts);
    if (group.size === 0)
        return ["empty", "off"];
    if (!group.begunAt)
        return rollout.state === "aborted" ? ["never begun", "off"] : ["not begun", "off"];
    if ((phases.installed ?? 0) === group.size)
        return ["all installed", "good"];
    if (group.failureCount !== null && (phases.failed ?? 0) >= group.failureCount && rollout.state === "paused")
        return ["at its limit", "bad"];
    if (group.reachedAt)
        return ["reached", "good"];
    if (rollout.state === "paused")
        return stoppedItself(rollout) ? ["stopped here", "bad"] : ["paused", "warn"];
    return isOver(rollout) ? ["ended", "off"] : ["under way", "run"];
}

/* What stations are told: the name of the firmware (from a Map of them), or the location. */
export function firmwareName(r, firmware) {
    if (r.order)
        return r.order.location ?? "–";
    const f = firmware.get(r.firmware);
    return f ? f.name : `firmware ${r.firmware}`;
}

export function showBadge(element, [word, tone]) {
    setText(element, word);
    setAttribute(element, "data-tone", tone);
}
