/* What an operator can have a station do: update, logs, TriggerMessage, Reset; how any CALL is made and told about; and how it is
 * forgotten. */
import {at, get, pages, post, remove} from "./api.js";
import {action, confirm, el, field, note, select} from "./dom.js";
import {number} from "./format.js";

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

/* "1 log" or "3 logs". */
function counted(n, one) {
    return `${number(n)} ${one}${n === 1 ? "" : "s"}`;
}

/* What is lost when a station is forgotten, and what is not: sentences. */
async function lostBy(context) {
    const {station, frames} = context, logs = (await pages(at("logs"), {station: context.id, limit: 1}, context.signal).next()).value.total;
    await frames.loading;
    const many = frames.list.length, known = [many > 0 ? `${(frames.list[0].number > 1 ? "at least " : "") + counted(many, "frame")} kept of it` : null,
        "what it told of itself", station.update ? "its last update with all steps" : null, station.tags.length > 0 ? counted(station.tags.length, "tag") : null,
        station.timezone ? "its time zone" : null].filter(Boolean);
    return [`Lost for good: ${known.slice(0, -1).join(", ")}${known.length > 1 ? " and " : ""}${known.at(-1)}.`,
            `${logs > 0 ? `Its ${counted(logs, "log")} and what` : "What"} pushes and roll-outs tell of it stay${logs > 0 ? "" : "s"}; a roll-out in which its turn is still to come tells it when it is back.`,
            "If it connects again it is a new station."];
}

async function forget(context) {
    const sentences = await lostBy(context);
    if (!await confirm(`Forget ${context.id}?`, sentences.map((sentence) => el("p", {}, sentence)), "Forget it", "bad"))
        return;
    await remove(at("stations", context.id));
    note(`${context.id} is forgotten.`, "good");
    location.hash = "#/fleet";
}

/* The buttons of the head: what needs a connection can't be pressed without one, and who is connected can't be forgotten. */
export function makeButtons(context) {
    const update = el("a", {class: "button main", href: `#/push/new?station=${encodeURIComponent(context.id)}`}, "Update");
    const live = [action("Get log", () => requestLog(context), {operator: true}), action("Trigger", () => trigger(context), {operator: true}),
                  action("Reset", () => reset(context), {operator: true, class: "station-danger"})];
    const away = action("Forget", () => forget(context), {operator: true, class: "station-danger"});
    const free = [...live, away].filter((b) => !b.disabled);
    return {element: el("div", {class: "buttons"}, update, live, away), show() {
        const {online} = context.station;
        for (const button of free) {
            button.disabled = online === (button === away);
            button.title = !button.disabled ? "" : online ? "It is connected: only a station that is away can be forgotten." : "The station is not connected.";
        }
    }};
}
