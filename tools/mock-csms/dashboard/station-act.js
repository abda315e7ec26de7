/* What an operator can have a station do: update, logs, TriggerMessage, Reset; and how any CALL is made and told about. */
import {at, get, post} from "./api.js";
import {action, confirm, el, field, note, select} from "./dom.js";

/* The outcome of a CALL: {result} or {error}. */
export function call(context, name, payload) {
    return post(at("stations", context.id, "call"), {action: name, payload}, context.signal);
}

/* The result of a CALL; what the station refuses is an Error with its sentence. */
export async function resultOf(context, name, payload) {
    const {result, error} = await call(context, name, payload);
    if (error)
        throw new Error(`${context.id} answered ${name} with ${error.code}${error.description ? `: ${error.description}` : ""}.`);
    return result;
}

/* "Rejected: reason" of a result with a status. */
export function statusOfResult(result) {
    const info = result.statusInfo;
    return [result.status ?? "answered", info?.reasonCode, info?.additionalInfo].filter(Boolean).map(String).join(": ");
}

function tell(name, result) {
    const good = ["Accepted", "Scheduled"].includes(result.status);
    note(`${name}: ${statusOfResult(result)}.`, good ? "good" : "bad");
}

/* What may be called in the station's version; asked for once. */
export function actionsOf(context) {
    if (context.actionsFor !== context.station.protocol) {
        context.actionsFor = context.station.protocol;
        context.actions = get(at("actions"), {protocol: context.station.protocol}, context.signal);
        context.actions.catch(() => { context.actionsFor = null; });
    }
    return context.actions;
}

/* The words that a field of an action may have. */
async function wordsOf(context, name, member) {
    const fields = (await actionsOf(context)).find((a) => a.action === name)?.fields ?? [];
    return fields.find((f) => f.name === member)?.words ?? [];
}

async function trigger(context) {
    const actions = ["TriggerMessage", "ExtendedTriggerMessage"], options = [];
    for (const name of actions)
        for (const word of await wordsOf(context, name, "requestedMessage"))
            options.push([`${name} ${word}`, name === "TriggerMessage" ? word : `${word} (security extension)`]);
    const box = select(options, options[0]?.[0]);
    if (!await confirm(`Trigger a message of ${context.id}`, field("Message", box, "The station sends it at once, if it can."), "Trigger"))
        return;
    const [name, requestedMessage] = box.value.split(" ");
    tell(name, await resultOf(context, name, {requestedMessage}));
}

const RESETS = {
    Soft: "ends transactions, then restarts its software", Hard: "restarts at once, also its hardware", Immediate: "ends transactions and restarts at once",
    OnIdle: "restarts when no transaction is under way", ImmediateAndResume: "restarts at once, and goes on with transactions",
};

async function reset(context) {
    const words = await wordsOf(context, "Reset", "type");
    const box = select(words.map((w) => [w, RESETS[w] ? `${w}: ${RESETS[w]}` : w]), words.includes("OnIdle") ? "OnIdle" : words[0]);
    const body = [el("p", {}, "The station restarts, and is offline meanwhile. An update that is under way may fail by it."), field("Type", box)];
    if (await confirm(`Reset ${context.id}?`, body, "Reset it", "bad"))
        tell("Reset", await resultOf(context, "Reset", {type: box.value}));
}

/* A time of this machine's clock as one of UTC. */
function moment(input) {
    return input.value ? new Date(input.value).toISOString() : undefined;
}

/* Asks for a log of this station. */
export async function requestLog(context) {
    const plain = context.station.protocol === "ocpp1.6";
    const type = select([...(plain ? [["", "Diagnostics (GetDiagnostics)"]] : []), ["DiagnosticsLog", plain ? "DiagnosticsLog (GetLog, security extension)" : "DiagnosticsLog"],
                         ["SecurityLog", plain ? "SecurityLog (GetLog, security extension)" : "SecurityLog"]], plain ? "" : "DiagnosticsLog");
    const oldest = el("input", {type: "datetime-local", step: 1}), latest = el("input", {type: "datetime-local", step: 1});
    const body = [field("Log", type), field("Nothing older than", oldest, "Of this computer's clock; empty: all."), field("Nothing newer than", latest)];
    if (!await confirm(`Get a log of ${context.id}`, body, "Get it"))
        return;
    const told = await post(at("logs"), {stations: [context.id], logType: type.value || undefined, oldestTimestamp: moment(oldest), latestTimestamp: moment(latest)}, context.signal);
    if (told.logs.length > 0)
        note(`The station is asked. Its log is number ${told.logs[0].id} under Logs.`, "good");
    else
        note(`It was not asked: ${told.skipped[0]?.reason ?? "unknown"}.`, "bad");
}

/* The buttons of the head: what needs a connection can't be pressed without one. */
export function makeButtons(context) {
    const update = el("a", {class: "button main", href: `#/push/new?station=${encodeURIComponent(context.id)}`}, "Update");
    const live = [action("Get log", () => requestLog(context), {operator: true}), action("Trigger", () => trigger(context), {operator: true}),
                  action("Reset", () => reset(context), {operator: true, class: "station-danger"})];
    const free = live.filter((b) => !b.disabled);
    return {element: el("div", {class: "buttons"}, update, live), show() {
        for (const button of free) {
            button.disabled = !context.station.online;
            button.title = context.station.online ? "" : "The station is not connected.";
        }
    }};
}
