/* The fleet: every station, found and sorted here, live. */
import {at, pages} from "./api.js";
import {el, empty, replace, select, setAttribute, setText} from "./dom.js";
import {number, relative, exact} from "./format.js";
import {Grid} from "./grid.js";
import {gather, listen} from "./live.js";
import {showUpdate, statusOf} from "./update.js";

export const title = "Fleet";

const FIRST = 200, NEXT = 2000; // stations asked for at a time: the first ones at once
const REPAINT_EVERY = 60, ARRANGE_EVERY = 700; // milliseconds

function text(value) {
    return value ?? "–";
}

function showOnline(cell, s) {
    const online = s.online ? "connected" : "offline";
    setText(cell, online);
    setAttribute(cell, "data-tone", s.online ? "good" : "off");
}

function showSeen(cell, s) {
    const when = s.online ? s.connectedSince : s.lastSeen;
    const t = when ? Date.parse(when) : 0;
    setText(cell, when ? `${s.online ? "online" : "seen"} ${relative(t).replace(s.online ? / ago$/ : "", "")}` : "–");
    if (cell.dataset.at !== when) {
        cell.dataset.at = when ?? "";
        cell.title = when ? exact(t) : "";
    }
}

/* What each column shows, and by what it sorts. */
const COLUMNS = [
    {name: "id", label: "Station", track: "minmax(9rem,1.4fr)", phone: "minmax(7rem,1.2fr)", sort: (s) => s.id, show(cell, s) {
        let link = cell.firstChild;
        if (!link)
            cell.append(link = el("a", {tabindex: -1}));
        setText(link, s.id);
        setAttribute(link, "href", `#/station/${encodeURIComponent(s.id)}`);
    }},
    {name: "online", label: "Connection", track: "7rem", sort: (s) => s.online ? 0 : 1, show: showOnline},
    {name: "protocol", label: "OCPP", track: "4.5rem", sort: (s) => s.protocol, text: (s) => text(s.protocol?.replace("ocpp", ""))},
    {name: "vendor", label: "Vendor", track: "minmax(5rem,.8fr)", sort: (s) => s.vendor, text: (s) => text(s.vendor)},
    {name: "model", label: "Model", track: "minmax(5rem,.9fr)", sort: (s) => s.model, text: (s) => text(s.model)},
    {name: "firmwareVersion", label: "Firmware", track: "minmax(4.5rem,.7fr)", phone: "6rem", sort: (s) => s.firmwareVersion, text: (s) => text(s.firmwareVersion)},
    {name: "slot", label: "Slot", track: "5rem", sort: (s) => s.slot, text: (s) => text(s.slot)},
    {name: "update", label: "Update", track: "minmax(9rem,1.1fr)", phone: "minmax(7rem,1fr)", sort: (s) => s.update?.status, show: (cell, s) => showUpdate(cell, s.update)},
    {name: "seen", label: "Seen", track: "9rem", sort: (s) => (s.online ? s.connectedSince : s.lastSeen), show: showSeen},
    {name: "tags", label: "Tags", track: "minmax(4rem,.7fr)", text: (s) => s.tags.join(" ")},
];

/* State words of the filter: whether a station is one of these. */
const STATES = {
    "": ["All states", () => true],
    online: ["Connected", (s) => s.online],
    offline: ["Offline", (s) => !s.online],
    running: ["Updating", (s) => s.update?.phase === "running"],
    failed: ["Update failed", (s) => s.update?.phase === "failed"],
    installed: ["Installed", (s) => s.update?.phase === "installed"],
};

function compareBy(sorted) {
    const down = sorted.startsWith("-"), name = down ? sorted.slice(1) : sorted;
    const of = COLUMNS.find((c) => c.name === name)?.sort ?? ((s) => s.id);
    const collator = new Intl.Collator("en", {numeric: true});
    return (a, b) => {
        const x = of(a), y = of(b);
        if (x === y)
            return collator.compare(a.id, b.id);
        if (x === null || x === undefined)
            return 1; // what is not known comes last, whichever way
        if (y === null || y === undefined)
            return -1;
        const order = typeof x === "number" ? x - y : collator.compare(x, y);
        return down ? -order : order;
    };
}

/* The stations, those that fit, and how many there are of each kind. */
class Fleet {
    constructor() {
        this.stations = new Map();
        this.sorted = "id";
        this.wanted = {search: "", state: "", firmwareVersion: "", model: "", tag: ""};
    }

    put(station) {
        this.stations.set(station.id, Object.assign(this.stations.get(station.id) ?? {}, station));
    }

    fits(s) {
        const w = this.wanted, search = w.search.toLowerCase();
        return STATES[w.state][1](s) && (!w.firmwareVersion || s.firmwareVersion === w.firmwareVersion) && (!w.model || s.model === w.model) &&
            (!w.tag || s.tags.includes(w.tag)) &&
            (!search || [s.id, s.vendor, s.model, s.serialNumber, s.firmwareVersion].some((t) => t?.toLowerCase().includes(search)));
    }

    rows() {
        return [...this.stations.values()].filter((s) => this.fits(s)).sort(compareBy(this.sorted));
    }

    count() {
        const counts = {all: 0, online: 0, running: 0, failed: 0, installed: 0};
        for (const s of this.stations.values()) {
            counts.all++;
            counts.online += s.online ? 1 : 0;
            if (s.update?.phase in counts)
                counts[s.update.phase]++;
        }
        return counts;
    }

    /* The values that there are of a member, most frequent first. */
    values(of) {
        const counts = new Map();
        for (const s of this.stations.values())
            for (const value of [of(s)].flat())
                if (value)
                    counts.set(value, (counts.get(value) ?? 0) + 1);
        return [...counts].sort((a, b) => b[1] - a[1]).slice(0, 200).map(([value]) => value);
    }
}

/* The counts on top: each also a filter. */
function makeTiles(choose) {
    const tiles = [["", "Stations", "all"], ["online", "Connected", "online"], ["running", "Updating", "running"], ["failed", "Failed", "failed"],
                   ["installed", "Installed", "installed"]].map(([state, label, name]) => {
        const figure = el("strong", {}, "–");
        const button = el("button", {type: "button", class: "tile", "data-tone": {failed: "bad", installed: "good", running: "run"}[name], on: {click: () => choose(state)}},
                          figure, el("span", {}, label));
        return {state, name, figure, button};
    });
    return {element: el("div", {class: "tiles", role: "group", "aria-label": "Stations by state"}, tiles.map((t) => t.button)),
            show(counts, state) {
                for (const t of tiles) {
                    setText(t.figure, number(counts[t.name]));
                    setAttribute(t.button, "aria-pressed", String(t.state === state));
                }
            }};
}

function makeFilters(fleet, changed) {
    const search = el("input", {type: "search", "aria-label": "Search", placeholder: "Search identity, vendor, model, version", value: fleet.wanted.search,
                                on: {input: () => changed("search", search.value)}});
    const choices = [["state", "State", null], ["firmwareVersion", "Firmware", (s) => s.firmwareVersion], ["model", "Model", (s) => s.model], ["tag", "Tag", (s) => s.tags]]
        .map(([name, label, of]) => {
            const box = select(of ? [["", `${label}: all`]] : Object.entries(STATES).map(([k, [word]]) => [k, word]), fleet.wanted[name],
                               {"aria-label": label, on: {change: () => changed(name, box.value)}});
            return {name, label, of, box};
        });
    return {element: el("div", {class: "filters", role: "search"}, search, choices.map((c) => c.box)),
            show() {
                for (const {name, label, of, box} of choices) {
                    if (of) {
                        const values = fleet.values(of);
                        if (box.dataset.values !== values.join("\n")) {
                            box.dataset.values = values.join("\n");
                            box.replaceChildren(...select([["", `${label}: all`], ...values.map((v) => [v, v])], fleet.wanted[name]).children);
                        }
                    }
                    if (box.value !== fleet.wanted[name])
                        box.value = fleet.wanted[name];
                }
            }};
}

async function load(fleet, signal, arrived) {
    let limit = FIRST;
    for (let after; ;) {
        const page = await pages(at("stations"), {limit, after}, signal).next();
        for (const station of page.value.items)
            fleet.put(station);
        arrived(page.value.total);
        if (page.value.next === null)
            return;
        after = page.value.next;
        limit = NEXT;
    }
}

export async function show(main, {query, signal}) {
    const fleet = new Fleet();
    if (query.state in STATES)
        fleet.wanted.state = query.state;
    const listed = el("p", {class: "quiet", role: "status"}, "Loading …");
    const nothing = el("div", {});
    const grid = new Grid(COLUMNS, {label: "Stations", key: (s) => s.id, sorted: fleet.sorted,
                                    open: (s) => { location.hash = `#/station/${encodeURIComponent(s.id)}`; },
                                    onSort: (sorted) => { fleet.sorted = sorted; arrange(); }});
    const choose = (name, value) => { fleet.wanted[name] = value; arrange(); };
    const tiles = makeTiles((state) => choose("state", state));
    const filters = makeFilters(fleet, choose);
    let total = null;
    const arrange = () => {
        const rows = fleet.rows();
        grid.setRows(rows);
        tiles.show(fleet.count(), fleet.wanted.state);
        filters.show();
        setText(listed, total !== null && fleet.stations.size < total ? `${number(fleet.stations.size)} of ${number(total)} loaded` : `${number(rows.length)} listed`);
        grid.element.hidden = rows.length === 0;
        replace(nothing, rows.length > 0 || total === null ? null : fleet.stations.size > 0
            ? empty("No station fits", "Take a filter away: ", el("button", {type: "button", on: {click: () => { Object.keys(fleet.wanted).forEach((k) => { fleet.wanted[k] = ""; }); arrange(); }}}, "show all"))
            : empty("No station has connected yet", "Let one connect to ", el("code", {}, `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ocpp/IDENTITY`), ", or try it with mock-csms-fleet."));
    };
    const repaint = gather(() => grid.repaint(), REPAINT_EVERY), rearrange = gather(arrange, ARRANGE_EVERY);
    replace(main, el("div", {class: "head"}, el("h1", {}, "Fleet"), listed), tiles.element, filters.element, nothing, grid.element);
    signal.addEventListener("abort", () => grid.close());
    const first = load(fleet, signal, (n) => { total = n; arrange(); });
    listen({types: ["station", "station-deleted"], signal,
            lost: () => first.then(() => load(fleet, signal, (n) => { total = n; rearrange(); })).catch(() => {}),
            event(type, data) {
                if (type === "station-deleted")
                    fleet.stations.delete(data.id);
                else
                    fleet.put(data);
                repaint();
                rearrange();
            }});
    await first;
}
