/* What the pages of pushes have in common: states, counts, whom and what an order means in words, the stations. */
import {at, pages} from "./api.js";
import {el, setAttribute, setText} from "./dom.js";
import {duration, exact, number} from "./format.js";

const FIRST = 200, NEXT = 2000; // stations asked for at a time: the first ones at once

/* state: [word, tone, what it means] in the order in which they are shown */
export const STATES = {
    ready:       ["ready",       "run",  "its message is made and not sent"],
    sent:        ["awaited",     "run",  "told, and has not answered yet"],
    accepted:    ["accepted",    "good", "it has accepted"],
    refused:     ["refused",     "bad",  "it has refused, or answered with an error"],
    "no-answer": ["no answer",   "bad",  "it has not answered, or went away before"],
    offline:     ["offline",     "warn", "it was not connected when the push went out, and is not told later"],
    untellable:  ["untellable",  "warn", "there is no such message for it"],
};

export function sizeOf(push) {
    return Object.values(push.counts).reduce((sum, n) => sum + n, 0);
}

/* In words, how far it is: [text, tone]. */
export function progressOf(push) {
    const {ready, sent} = push.counts;
    if (!push.sent)
        return ["draft", "off"];
    if (ready > 0)
        return ["being sent", "run"];
    return sent > 0 ? ["answers awaited", "run"] : ["told", "good"];
}

/* A line with a part for each state. */
export function makeStack() {
    const parts = Object.entries(STATES).map(([state, [, tone]]) => ({state, element: el("span", {"data-tone": tone, "data-state": state})}));
    const element = el("span", {class: "stackbar", role: "img"}, parts.map((part) => part.element));
    return {element, show(counts) {
        for (const {state, element: part} of parts) {
            part.hidden = counts[state] === 0;
            part.style.flexGrow = counts[state];
        }
        setAttribute(element, "aria-label",
            Object.entries(STATES).filter(([state]) => counts[state] > 0).map(([state, [word]]) => `${number(counts[state])} ${word}`).join(", "));
    }};
}

/* What a condition of a filter is called. */
const CONDITIONS = {id: "identity", protocol: "OCPP", vendor: "vendor", model: "model", serialNumber: "serial number", firmwareVersion: "firmware",
    notFirmwareVersion: "firmware other than",
                    belowFirmwareVersion: "firmware older than", tag: "tag", notTag: "without tag", status: "status", phase: "update"};

export function whomText(order) {
    if (order.stations)
        return order.stations.length === 1 ? order.stations[0] : `${number(order.stations.length)} stations, chosen one by one`;
    const told = Object.entries(order.filter ?? {}).map(([name, value]) =>
        name === "online" ? value ? "connected" : "not connected" : `${CONDITIONS[name] ?? name} ${value}`);
    return told.length > 0 ? `all with ${told.join(", ")}` : "all stations";
}

export function momentText(text, none) {
    if (!text)
        return none;
    if (/Z$/.test(text))
        return `${exact(new Date(text))} by this clock (${text})`;
    return text.includes("T") ? `${text.replace("T", " ")} where the station is` : `the next ${text} where the station is`;
}

export function spreadText(order) {
    return order.spread ? `over ${duration(order.spread)}` : null;
}

/* Every station, by its identity; arrived() after each page of them. */
export async function loadStations(stations, signal, arrived) {
    let limit = FIRST;
    for (let after; ;) {
        const {value: {items, total, next}} = await pages(at("stations"), {limit, after}, signal).next();
        for (const station of items)
            stations.set(station.id, Object.assign(stations.get(station.id) ?? {}, station));
        arrived(total);
        if (next === null)
            return;
        after = next;
        limit = NEXT;
    }
}

/* Fills a cell with a word in its tone. */
export function showState(cell, state) {
    const [word, tone, help] = STATES[state] ?? [state, "", ""];
    setText(cell, word);
    setAttribute(cell, "data-tone", tone);
    setAttribute(cell, "title", help);
}
