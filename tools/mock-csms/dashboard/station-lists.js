/* What a station has: installed certificates, security events, logs that it has sent. */
import {all, at, download} from "./api.js";
import {action, el, empty, replace, setText, trouble} from "./dom.js";
import {bytes, number, time} from "./format.js";
import {gather} from "./live.js";
import {badge} from "./update.js";
import {requestLog, resultOf} from "./station-act.js";

/* A table of texts and elements; the first cell of a row names it. */
export function makeTable(label, heads, rows) {
    return el("div", {class: "table", tabindex: 0, role: "region", "aria-label": label}, el("table", {},
        el("thead", {}, el("tr", {}, heads.map((word) => el("th", {scope: "col"}, word)))),
        el("tbody", {}, rows.map((cells) => el("tr", {}, cells.map((cell, i) => i === 0 ? el("th", {scope: "row"}, cell) : el("td", {}, cell)))))));
}

/* The text of a value from a station, whatever it is. */
export function textOf(value) {
    return value === undefined || value === null ? "–" : typeof value === "string" ? value : JSON.stringify(value);
}

function listOf(value) {
    return Array.isArray(value) ? value : [];
}

/* One row a certificate: what for, serial number, hashes. 2.x has chains with children, 1.6 has not. */
function certificateRow(use, hash, below) {
    return [[textOf(use), below ? el("small", {class: "quiet"}, " below it") : null], textOf(hash?.serialNumber), textOf(hash?.hashAlgorithm),
            el("code", {class: "station-hash"}, textOf(hash?.issuerNameHash)), el("code", {class: "station-hash"}, textOf(hash?.issuerKeyHash))];
}

async function askCertificates(context) {
    const rows = [];
    if (context.station.protocol === "ocpp1.6") {
        for (const certificateType of ["CentralSystemRootCertificate", "ManufacturerRootCertificate"])
            for (const hash of listOf((await resultOf(context, "GetInstalledCertificateIds", {certificateType})).certificateHashData))
                rows.push(certificateRow(certificateType, hash, false));
        return rows;
    }
    for (const chain of listOf((await resultOf(context, "GetInstalledCertificateIds", {})).certificateHashDataChain)) {
        rows.push(certificateRow(chain?.certificateType, chain?.certificateHashData, false));
        for (const hash of listOf(chain?.childCertificateHashData))
            rows.push(certificateRow(chain?.certificateType, hash, true));
    }
    return rows;
}

export function makeCertificates(context) {
    const place = el("div", {"aria-live": "polite"}, el("p", {class: "quiet"}, "Which roots and certificates it has is only known when it is asked."));
    const ask = action("Ask the station", async () => {
        replace(place, el("p", {class: "quiet"}, "The station is asked …"));
        try {
            const rows = await askCertificates(context);
            replace(place, el("p", {class: "quiet"}, `${number(rows.length)} told `, time(new Date().toISOString())), rows.length === 0
                ? empty("No certificate", "The station says that it has none installed.")
                : makeTable("Installed certificates", ["Use", "Serial number", "Hash", "Issuer's name", "Issuer's key"], rows));
        } catch (error) {
            replace(place, trouble(error, "Older stations don't know this message."));
        }
    }, {operator: true});
    return {element: el("section", {class: "card", "aria-label": "Installed certificates"},
                        el("div", {class: "head"}, el("h2", {}, "Installed certificates"), el("div", {class: "buttons"}, ask)), place)};
}

export function makeSecurityEvents(context) {
    const place = el("div");
    let shown = null;
    return {element: el("section", {class: "card", "aria-label": "Security events"}, el("h2", {}, "Security events"), place), show() {
        const events = context.frames.list.filter((f) => f.from === "station" && f.type === "CALL" && f.action === "SecurityEventNotification").reverse();
        const key = `${context.frames.epoch} ${events[0]?.number} ${events.length} ${context.frames.loading !== null}`;
        if (key === shown || (context.frames.loading && shown !== null))
            return;
        shown = key;
        replace(place, context.frames.loading ? el("p", {class: "quiet"}, "Loading …") : events.length === 0
            ? empty("No security event", "None is among the frames that are kept of this station. They appear here as they come.")
            : makeTable("Security events", ["Type", "Happened", "Came", "What it says"],
                        events.map((f) => [textOf(f.payload?.type), textOf(f.payload?.timestamp), time(f.time), textOf(f.payload?.techInfo)])));
    }};
}

const LOG_TONES = {received: "good", failed: "bad", waiting: "run", asked: "run", accepted: "run", uploaded: "warn"};

function logRow(log) {
    const said = [log.status, log.answer !== "Accepted" ? log.answer : null, log.note].filter(Boolean).join(" · ");
    return [el("a", {href: `#/logs/${log.id}`}, `Log ${log.id}`), badge(log.state, LOG_TONES[log.state]), log.logType ?? log.action ?? "–", time(log.created), said || "–",
            log.file ? [log.file.name, " ", el("small", {class: "quiet"}, bytes(log.file.size))] : "–",
            log.file ? action("Download", () => download(at("logs", log.id, "file"), log.file.name), {"aria-label": `Download log ${log.id}`}) : null];
}

export function makeLogs(context) {
    const place = el("div"), said = el("span", {class: "quiet", role: "status"}, "Loading …");
    const ask = action("Get log", () => requestLog(context), {operator: true});
    const logs = new Map();
    const paint = gather(() => {
        const list = [...logs.values()].sort((a, b) => b.id - a.id);
        setText(said, list.length > 0 ? `${number(list.length)} in all` : "");
        replace(place, list.length > 0 ? makeTable("Logs of this station", ["Log", "State", "Type", "Asked", "What it says", "File", el("span", {class: "visually-hidden"}, "Download")], list.map(logRow))
            : empty("No log yet", "A log that this station is asked for is kept here, and can be looked into and downloaded. Get log asks for one."));
    }, 200);
    const load = async () => {
        try {
            const list = await all(at("logs"), {station: context.id, limit: 1000}, context.signal);
            logs.clear();
            for (const log of list)
                logs.set(log.id, log);
            paint();
        } catch (error) {
            if (!context.signal.aborted)
                replace(place, trouble(error));
        }
    };
    load();
    return {element: el("section", {class: "card", "aria-label": "Logs"}, el("div", {class: "head"}, el("h2", {}, "Logs"), said, el("div", {class: "buttons"}, ask)), place),
            event(type, data) {
                if (type === "lost")
                    load();
                else if (type === "log" && data.station === context.id) {
                    logs.set(data.id, data);
                    paint();
                }
            }};
}
