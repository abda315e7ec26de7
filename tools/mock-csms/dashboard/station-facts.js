/* What is known of a station, what the operator told of it (tags, time zone), and the faults that are on for it. */
import {at, get, patch, remove} from "./api.js";
import {action, confirm, el, facts, field, note, replace, trouble} from "./dom.js";
import {number, time} from "./format.js";
import {gather} from "./live.js";
import {versionText} from "./stations.js";

const TAGS_MOST = 16, TAG_LENGTH = 32;

/* IANA names to choose from; others may be typed. */
function zones() {
    const list = el("datalist", {id: "zones"}, (Intl.supportedValuesOf?.("timeZone") ?? []).map((name) => el("option", {value: name})));
    return list;
}

async function change(context, settings, said) {
    context.changed(await patch(at("stations", context.id), settings, context.signal));
    note(said, "good");
}

async function editTags(context) {
    const input = el("input", {type: "text", value: context.station.tags.join(" "), autocomplete: "off", spellcheck: "false"});
    const yes = await confirm(`Tags of ${context.id}`, field("Tags", input, `Words parted by blanks: at most ${TAGS_MOST}, each of ${TAG_LENGTH} characters at most.`), "Save");
    if (yes)
        await change(context, {tags: input.value.split(/[\s,]+/).filter(Boolean)}, "The tags are saved.");
}

async function editZone(context) {
    const input = el("input", {type: "text", value: context.station.timezone ?? "", list: "zones", autocomplete: "off", spellcheck: "false"});
    const yes = await confirm(`Time zone of ${context.id}`, [field("Time zone", input, "As Europe/Berlin. Pushes and roll-outs reckon hours of the place by it; empty: UTC."), zones()], "Save");
    if (yes)
        await change(context, {timezone: input.value.trim() || null}, "The time zone is saved.");
}

/* Facts, and the two that can be changed. */
export function makeFacts(context) {
    const list = el("div");
    const tags = action("Change", () => editTags(context), {operator: true, class: "quiet", "aria-label": "Change the tags"});
    const zone = action("Change", () => editZone(context), {operator: true, class: "quiet", "aria-label": "Change the time zone"});
    const element = el("section", {class: "card", "aria-label": "About this station"}, el("h2", {}, "About this station"), list);
    let shown = "";
    return {element, show() {
        const s = context.station, key = JSON.stringify({...s, update: null, lastSeen: s.online ? null : s.lastSeen});
        if (key === shown)
            return;
        shown = key;
        replace(list, facts([
            ["Vendor", s.vendor ?? "–"], ["Model", s.model ?? "–"], ["Serial number", s.serialNumber ?? "–"], ["Firmware", s.firmwareVersion ?? "–"],
            ["Booted slot", s.bootedSlot ?? "not told"],
            ["OCPP", versionText(s.protocol)], ["Last boot", s.reason ?? "no reason told"],
            ["Connected since", s.online ? time(s.connectedSince) : "not connected"], s.online ? null : ["Last seen", time(s.lastSeen)], ["Known since", time(s.firstSeen)],
            ["Tags", [s.tags.length > 0 ? s.tags.map((t) => [el("span", {class: "badge"}, t), " "]) : "none ", tags]],
            ["Time zone", [s.timezone ?? "not told: UTC counts", " ", zone]],
        ]));
    }};
}

/* What a fault does, in short: its kind and what was told with it. */
function describe(fault) {
    const {id, of, kind, station, percent, seed, applied, stationsCount, stations, filter, ...more} = fault;
    return Object.entries(more).map(([name, value]) => `${name} ${value}`).join(", ") || "–";
}

/* For whom: it alone, or others too. */
function whom(fault) {
    if (fault.station !== null)
        return "this station";
    return `${fault.percent < 100 ? `${fault.percent} % of ` : ""}${fault.filter ? `stations with ${JSON.stringify(fault.filter)}` : "all stations"} (${number(fault.stationsCount)} known)`;
}

async function end(fault, reload) {
    const alone = fault.station !== null;
    if (!alone && !await confirm("End this fault?", el("p", {}, `It is on for ${whom(fault)}, and ends for all of them.`), "End it for all", "bad"))
        return;
    await remove(at("faults", fault.id));
    note("The fault is off.", "good");
    reload();
}

/* The faults of which one asks whether they are for this station: of those with a filter only the fault itself tells. */
async function faultsOf(context) {
    const list = await get(at("faults"), {}, context.signal), mine = [];
    for (const fault of list) {
        if (fault.station === context.id || (fault.station === null && !fault.filter && fault.percent >= 100))
            mine.push(fault);
        else if (fault.station === null && (await get(at("faults", fault.id), {}, context.signal)).stations?.includes(context.id))
            mine.push(fault);
    }
    return mine;
}

export function makeFaults(context) {
    const place = el("div"), element = el("section", {class: "card", "aria-label": "Faults"}, el("h2", {}, "Faults that are on for it"), place);
    const load = async () => {
        try {
            const faults = await faultsOf(context);
            element.hidden = faults.length === 0;
            replace(place, el("div", {class: "table", tabindex: 0, role: "region", "aria-label": "Faults"}, el("table", {},
                el("thead", {}, el("tr", {}, ["Fault", "How", "For"].map((word) => el("th", {scope: "col"}, word)), el("th", {scope: "col", class: "numeric"}, "Happened"),
                   el("th", {scope: "col"}, el("span", {class: "visually-hidden"}, "End it")))),
                el("tbody", {}, faults.map((f) => el("tr", {}, el("th", {scope: "row"}, f.kind), el("td", {}, describe(f)), el("td", {}, whom(f)),
                    el("td", {class: "numeric"}, number(f.applied)), el("td", {}, action("End", () => end(f, load), {operator: true, "aria-label": `End the fault ${f.kind}`}))))))));
        } catch (error) {
            if (!context.signal.aborted)
                replace(place, trouble(error));
        }
    };
    const soon = gather(load, 500);
    element.hidden = true;
    load();
    return {element, event: (type) => (type.startsWith("fault") || type === "lost") && soon()};
}
