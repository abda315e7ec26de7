/* What is said of a log that a station was asked for: its state in words and tones, what happened last, which request it belongs to. */
import {badge} from "./update.js";

/* state: [tone, what it means] */
export const STATES = {
    waiting:  ["",     "The station is still to be asked."],
    asked:    ["run",  "The station has been asked and has not answered yet."],
    accepted: ["run",  "The station has agreed; nothing has come yet."],
    received: ["good", "A file is here."],
    uploaded: ["warn", "The station says that it has uploaded, but there is no file here: it went elsewhere, or was lost."],
    failed:   ["bad",  "The station refused, did not answer, or could not upload."],
};

/* What the list tells together. */
export const KINDS = {
    under:    ["On the way", (log) => !(log.state in {received: 1, uploaded: 1, failed: 1})],
    received: ["Here",       (log) => log.state === "received"],
    uploaded: ["Elsewhere",  (log) => log.state === "uploaded"],
    failed:   ["Failed",     (log) => log.state === "failed"],
};

const ANSWERS = {
    __proto__: null, // a station may answer "constructor"
    timeout: "It did not answer in time.", gone: "It went away before it answered.", offline: "It was not connected any more.",
    busy: "Too many calls were waiting for it.", lost: "mock-csms ended before it answered.", CALLERROR: "It answered with an error.",
    failed: "It could not be asked.",
};

export function stateBadge(log) {
    const element = badge(log.state, STATES[log.state]?.[0]);
    element.title = STATES[log.state]?.[1] ?? "";
    return element;
}

/* The reason where it failed, else how far it is; a sentence or the station's own word. */
export function whatHappened(log) {
    if (log.note)
        return log.note;
    if (log.state === "failed" && log.answer && log.answer !== "Accepted")
        return ANSWERS[log.answer] ?? `It answered ${log.answer}.`;
    if (log.state === "failed" && log.status)
        return `It said ${log.status}.`;
    return log.status ?? (log.answer ? ANSWERS[log.answer] ?? log.answer : "");
}

/* Which log it is, where none was named: GetDiagnostics knows only one, GetLog is told DiagnosticsLog. */
const DEFAULTS = {GetDiagnostics: "Diagnostics (1.6)", GetLog: "DiagnosticsLog"};

export function kindOf(log) {
    return log.logType ?? DEFAULTS[log.action] ?? "default";
}

/* The requests that logs (by id) came from: [{first, created, logs}], newest first. */
export function requestsOf(logs) {
    const requests = new Map();
    for (const log of logs) {
        if (!requests.has(log.request))
            requests.set(log.request, {first: log.request, created: log.created, logs: []});
        requests.get(log.request).logs.push(log);
    }
    return [...requests.values()].reverse();
}

/* {under, received, uploaded, failed}: how many logs have come to that. */
export function countKinds(logs) {
    const counts = {under: 0, received: 0, uploaded: 0, failed: 0};
    for (const log of logs)
        counts[log.state in counts ? log.state : "under"]++;
    return counts;
}
