/* Chooses stations: a list with boxes, narrowed by conditions. What is chosen is what is ticked, not what fits. */
import {at, all} from "./api.js";
import {el, select, setText} from "./dom.js";
import {byName, number} from "./format.js";
import {Grid} from "./grid.js";
import {gather, listen} from "./live.js";
import {CELLS, offerValues, valuesOf} from "./stations.js";

const PAGE = 5000; // stations asked for at a time
const ARRANGE_EVERY = 700; // milliseconds
const CONDITIONS = [["model", "Model", (s) => s.model], ["firmwareVersion", "Firmware", (s) => s.firmwareVersion], ["tag", "Tag", (s) => s.tags]];

const COLUMNS = [
    {name: "id", label: "Station", track: "minmax(9rem,1.4fr)", phone: "minmax(7rem,1.3fr)", text: (s) => s.id},
    {...CELLS.online, track: "8rem", phone: "7.4rem"},
    {...CELLS.protocol, track: "5rem"},
    {...CELLS.model, track: "minmax(5rem,1fr)"},
    {...CELLS.firmwareVersion, track: "minmax(5rem,1fr)", phone: "6.6rem"},
    {...CELLS.tags, track: "minmax(5rem,1fr)"},
];

/* A chooser: element, selected (identities), stations (by identity), ready (a promise: the list is here). onChange() is called when
 * another station is ticked. wanted: conditions to begin with; online: "true", "false" or "". */
export function choose({signal, onChange, selected = new Set(), wanted = {online: "true"}}) {
    const stations = new Map(), boxes = new Map();
    const listed = el("span", {class: "quiet", role: "status"}, "Loading …");
    const grid = new Grid(COLUMNS, {label: "Stations to choose", key: (s) => s.id, selected, onSelect: () => { told(); onChange?.(); },
                                    open: (s) => grid.toggle(s, !selected.has(s.id))});
    const search = el("input", {type: "search", "aria-label": "Search stations", placeholder: "Search identity", value: wanted.search ?? "",
                                on: {input: () => arrange()}});
    const online = select([["", "Connected or not"], ["true", "Connected"], ["false", "Offline"]], wanted.online ?? "",
                          {"aria-label": "Connection", on: {change: () => arrange()}});
    for (const [name, label] of CONDITIONS)
        boxes.set(name, select([["", `${label}: all`]], "", {"aria-label": label, on: {change: () => arrange()}}));
    const everyOne = el("button", {type: "button", on: {click: () => grid.selectAll(true)}}, "Choose all listed");
    const none = el("button", {type: "button", class: "quiet", on: {click: () => {
        selected.clear();
        grid.repaint();
        told();
        onChange?.();
    }}}, "Choose none");

    const fits = (s) => (!online.value || String(s.online) === online.value) && s.id.toLowerCase().includes(search.value.toLowerCase()) &&
        CONDITIONS.every(([name, , of]) => !boxes.get(name).value || [of(s)].flat().includes(boxes.get(name).value));
    const told = () => setText(listed, `${number(grid.rows.length)} listed, ${number(selected.size)} chosen`);
    const offer = () => {
        for (const [name, label, of] of CONDITIONS)
            offerValues(boxes.get(name), label, valuesOf(stations.values(), of));
    };
    const arrange = () => {
        offer();
        grid.setRows([...stations.values()].filter(fits).sort((a, b) => byName(a.id, b.id)));
        setText(everyOne, `Choose all ${number(grid.rows.length)} listed`);
        told();
    };
    const load = async () => {
        for (const s of await all(at("stations"), {limit: PAGE}, signal))
            stations.set(s.id, s);
        arrange();
    };
    const ready = load();
    const rearrange = gather(arrange, ARRANGE_EVERY);
    listen({types: ["station", "station-deleted"], signal, lost: () => ready.then(load).catch(() => {}), event(type, data) {
        if (type === "station-deleted") {
            stations.delete(data.id);
            selected.delete(data.id);
        } else {
            stations.set(data.id, Object.assign(stations.get(data.id) ?? {}, data));
        }
        rearrange();
    }});
    signal.addEventListener("abort", () => grid.close());
    return {element: el("div", {class: "choose"}, el("div", {class: "filters", role: "search"}, search, online, [...boxes.values()]),
                        el("div", {class: "buttons"}, everyOne, none, listed), grid.element),
            selected, stations, ready};
}
