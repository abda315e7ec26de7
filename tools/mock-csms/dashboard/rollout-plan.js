/* What is entered for a new roll-out: how it begins, what is wrong with it, what REST gets of it, and what it means in sentences. */
import {at, request} from "./api.js";
import {duration, exact, number} from "./format.js";

const SHARE = /^(\d+(\.\d{1,2})?%|\d+)$/;
const TIME = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?|\d{2}:\d{2})$/;
const SPAN_MOST = 604800; // seconds

export const FAILURES =
    ["NoAnswer", "Rejected", "CallError", "DownloadFailed", "InvalidSignature", "InstallationFailed", "InstallVerificationFailed", "Stalled"];

/* What stations can be chosen by: [member of the filter, words]. */
export const CONDITIONS = [
    ["tag", "has the tag"],
    ["notTag", "has not the tag"],
    ["model", "model is"],
    ["vendor", "vendor is"],
    ["firmwareVersion", "firmware is"],
    ["notFirmwareVersion", "firmware is not"],
    ["belowFirmwareVersion", "firmware is older than"],
    ["protocol", "OCPP version is"],
    ["id", "identity fits (* is any text)"],
    ["serialNumber", "serial number is"],
];

function span(n = "", unit = "1") {
    return {n: String(n), unit: String(unit)};
}

export function newGroup(name, share, more = {}) {
    return {name, kind: "share", share, filter: [["tag", ""]], stations: "", success: "95%", wait: span(1, 86400), failureLimit: "", ...more};
}

/* How it begins: few stations first. */
export function newDraft() {
    return {
        name: "",
        source: "firmware",
        firmware: "",
        location: "",
        certificate: "",
        signature: "",
        version: "",
        retrieve: "",
        install: "",
        spread: span("", 60),
        retries: "",
        retryInterval: span("", 60),
        plain: false,
        among: [],
        startAt: "",
        failureLimit: "5%",
        times: "1",
        after: span(10, 60),
        failures: [...FAILURES],
        answerTimeout: span(5, 60),
        progressTimeout: span(2, 3600),
        inFlightMax: "",
        groups: [
            newGroup("internal", "", {kind: "filter", filter: [["tag", "internal"]], success: "100%", wait: span(1, 3600), failureLimit: "1"}),
            newGroup("canary", "5%", {failureLimit: "2"}), newGroup("gradual", "30%", {failureLimit: "5%"}),
            newGroup("full", "100%", {wait: span(0, 1)})
        ],
    };
}

export function seconds({n, unit}) {
    return n.trim() === "" ? undefined : Math.round(Number(n) * Number(unit));
}

function whole(text) {
    return text.trim() === "" ? undefined : Number(text);
}

function share(text) {
    return text.replaceAll(" ", "") || undefined;
}

/* Pairs of member and value; those without a value are left out. */
export function filterOf(pairs) {
    return Object.fromEntries(pairs.filter(([, value]) => value.trim()).map(([name, value]) => [name, value.trim()]));
}

function identities(text) {
    return [...new Set(text.split(/[\s,;]+/).filter(Boolean))];
}

/* How many stations a filter fits. */
export async function countOf(filter, signal) {
    const answer = await request("GET", at("stations"), {query: {...filter, limit: 1}, signal});
    return Number(answer.headers.get("Total-Count"));
}

function isSpan(s, least = 0) {
    const n = seconds(s);
    return n === undefined || (Number.isInteger(n) && n >= least && n <= SPAN_MOST);
}

function isWhole(text) {
    return text.trim() === "" || /^\d+$/.test(text.trim());
}

/* The checks of a step: [key of the field, what is wrong]. */
function checkWhat(d) {
    return [
        d.name.trim() === "" && ["name", "The roll-out needs a name."],
        d.source === "firmware" && d.firmware === "" && ["firmware", "Choose a firmware."],
        d.source === "location" && !/^(https?|ftps?|sftp):\/\/\S+$/.test(d.location.trim()) &&
            ["location", "The location must be a URL: http, https, ftp, ftps or sftp."],
        d.source === "location" && d.certificate.trim() === "" && d.signature.trim() !== "" && ["certificate", "A signature needs its certificate."],
        d.source === "location" && d.certificate.trim() !== "" && d.signature.trim() === "" && ["signature", "A certificate needs the signature."],
        d.retrieve.trim() !== "" && !TIME.test(d.retrieve.trim()) && ["retrieve", "When to fetch it is no time such as 02:00 or 2026-11-27T02:00."],
        d.install.trim() !== "" && !TIME.test(d.install.trim()) && ["install", "When to install it is no time such as 02:00 or 2026-11-27T02:00."],
        !isSpan(d.spread) && ["spread", "The spread must be between nothing and 7 days."],
        !isWhole(d.retries) && ["retries", "Retries must be a whole number."],
        !isSpan(d.retryInterval) && ["retryInterval", "The interval must be between nothing and 7 days."],
    ];
}

function checkGroup(g, i, groups) {
    const key = (name) => `groups.${i}.${name}`, called = g.name.trim() ? `Group ${g.name.trim()}` : `The ${i + 1}. group`;
    return [
        g.name.trim() === "" && [key("name"), `${called} needs a name.`],
        groups.findIndex((other) => other.name.trim() === g.name.trim()) < i && [key("name"), `There are two groups ${g.name.trim()}.`],
        g.kind === "share" && !SHARE.test(share(g.share) ?? "") && [key("share"), `${called} needs a share such as 5% or a number such as 25.`],
        g.kind === "filter" && Object.keys(filterOf(g.filter)).length === 0 &&
            [key("filter"), `${called} needs a condition; all that are left are the share 100%.`],
        g.kind === "stations" && identities(g.stations).length === 0 && [key("stations"), `${called} needs identities.`],
        !SHARE.test(share(g.success) ?? "100%") && [key("success"), `${called}: how many must have it is a share such as 95% or a number.`],
        !SHARE.test(share(g.failureLimit) ?? "1") && [key("failureLimit"), `${called}: the failure limit is a share such as 5% or a number.`],
        !(Number.isInteger(seconds(g.wait) ?? 0) && (seconds(g.wait) ?? 0) >= 0) && [key("wait"), `${called}: the wait is no time.`],
    ];
}

function checkLimits(d) {
    return [
        !SHARE.test(share(d.failureLimit) ?? "1") && ["failureLimit", "The failure limit is a share such as 5% or a number."],
        !isWhole(d.times) && ["times", "How often is a whole number."],
        !isSpan(d.after) && ["after", "After how long is between nothing and 7 days."],
        Number(d.times) > 0 && d.failures.length === 0 && ["times", "Tick the failures after which a station is told again, or say 0 times."],
        !isSpan(d.answerTimeout, 1) && ["answerTimeout", "The answer time-out is at least a second."],
        !isSpan(d.progressTimeout, 1) && ["progressTimeout", "The progress time-out is at least a second."],
        !isWhole(d.inFlightMax) && ["inFlightMax", "How many at a time is a whole number."],
        d.startAt !== "" && Number.isNaN(Date.parse(d.startAt)) && ["startAt", "That is no time."],
    ];
}

/* Groups that nobody would be in are refused when it is made: better told here, by name. */
async function checkFilters(d) {
    const counts = await Promise.all(d.groups.map((g) => (g.kind === "filter" ? countOf(filterOf(g.filter)) : 1)));
    return d.groups.map(
        (g, i) => counts[i] === 0 && [`groups.${i}.filter`, `Group ${g.name.trim()}: no station fits. Change its conditions, or remove it.`]);
}

/* What is wrong with what was entered in this step (0 …): [] if nothing. */
export async function check(d, step) {
    const groups = () => [d.groups.length === 0 && ["groups", "A roll-out needs a group."], ...d.groups.flatMap(checkGroup)];
    const wrong = [checkWhat, groups, checkLimits][step]?.(d).filter(Boolean) ?? [];
    return step === 1 && wrong.length === 0 ? (await checkFilters(d)).filter(Boolean) : wrong;
}

function groupBody(g) {
    return {
        name: g.name.trim(),
        ...g.kind === "share"     ? {share: share(g.share)}
            : g.kind === "filter" ? {filter: filterOf(g.filter)}
                                  : {stations: identities(g.stations)},
        success: share(g.success),
        wait: seconds(g.wait),
        failureLimit: share(g.failureLimit),
    };
}

/* What stations are told of a file elsewhere: location and, as they are typed or pasted, certificate (PEM) and signature (base64). */
export function orderOf({location, certificate, signature}) {
    return {location: location.trim(), signingCertificate: certificate.trim() ? certificate : undefined, signature: signature.replace(/\s+/g, "") || undefined};
}

/* The body of POST /api/rollouts. */
export function bodyOf(d) {
    const among = filterOf(d.among);
    return {
        name: d.name.trim(),
        ...d.source === "firmware" ? {firmware: Number(d.firmware)} : {order: orderOf(d)},
        version: d.version.trim() || undefined,
        retrieve: d.retrieve.trim() || undefined,
        install: d.install.trim() || undefined,
        spread: seconds(d.spread),
        retries: whole(d.retries),
        retryInterval: seconds(d.retryInterval),
        plain: d.plain || undefined,
        stations: Object.keys(among).length > 0 ? among : undefined,
        startAt: d.startAt ? new Date(d.startAt).toISOString() : undefined,
        failureLimit: share(d.failureLimit),
        retry: {times: whole(d.times) ?? 0, after: seconds(d.after), failures: Number(d.times) > 0 ? d.failures : undefined},
        answerTimeout: seconds(d.answerTimeout),
        progressTimeout: seconds(d.progressTimeout),
        inFlightMax: whole(d.inFlightMax),
        groups: d.groups.map(groupBody),
    };
}

function stationsWord(n) {
    return n === 1 ? "1 station" : `${number(n)} stations`;
}

/* Who is in it. */
function whoSentence(g, size) {
    const n = stationsWord(size);
    if (g.kind === "stations")
        return `${n} of the list.`;
    if (g.kind === "filter")
        return `${n}: ${
            g.filter.filter(([, v]) => v.trim())
                .map(([name, v]) => `${CONDITIONS.find(([c]) => c === name)?.[1] ?? name} ${v.trim()}`)
                .join(" and ")}.`;
    return share(g.share) === "100%" ? `${n}: all that are left.` : `${n}, drawn from those that are left (${share(g.share)}).`;
}

/* What happens with group i, as sentences; r: what the preview answered. */
export function sentencesOf(d, r, i) {
    const now = r.groups[i], before = r.groups[i - 1];
    const begins = i > 0 ? `It begins when ${number(before.successCount)} of ${before.name} have the firmware${
                               before.wait > 0 ? ` and have had it for ${duration(before.wait)}` : ""}.`
        : d.startAt                            ? `It begins when it is started, but not before ${exact(Date.parse(d.startAt))}.`
                                               : "It begins when the roll-out is started.";
    const stops = now.failureCount !== null
        ? `${number(now.failureCount)} failed ${now.failureCount === 1 ? "station stops" : "stations stop"} the roll-out.`
        : null;
    return [whoSentence(d.groups[i], now.size), begins, stops].filter(Boolean);
}

/* What holds for all of them. */
export function wholeSentences(d, r) {
    return [
        `${stationsWord(r.size)} ${r.size === 1 ? "gets" : "get"} ${r.version ? `version ${r.version}` : "the firmware"}: they fetch it ${
            d.retrieve.trim() ? `at ${d.retrieve.trim()}` : "at once"} and install it ${d.install.trim() ? `at ${d.install.trim()}` : "at once"}` +
            `${seconds(d.spread) ? `, spread over ${duration(seconds(d.spread))}` : ""}. Those that are offline are told when they come.`,
        r.failureCount === null ? "No number of failures of all stations stops it: only what a group says."
                                : `It stops by itself when ${number(r.failureCount)} of all ${r.failureCount === 1 ? "has" : "have"} failed.`,
        r.retry.times > 0 ? `A station that failed is told again ${r.retry.times === 1 ? "once" : `${r.retry.times} times`}, after ${
                                duration(r.retry.after)}; only then does it count.`
                          : "A station that failed is not told again.",
        r.inFlightMax > 0 ? `At most ${number(r.inFlightMax)} are under way at a time.` : null,
    ].filter(Boolean);
}
