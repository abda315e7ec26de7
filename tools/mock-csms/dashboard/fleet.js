/* The fleet: every station, found and sorted here, live. */
import {at, pages} from "./api.js";
import {el, empty, replace, select, setText} from "./dom.js";
import {byName, exact, number, orDash, relative} from "./format.js";
import {Grid} from "./grid.js";
import {gather, listen} from "./live.js";
import {CELLS, offerValues, showIdentity, stationAddress, valuesOf} from "./stations.js";
import {makeTiles} from "./tiles.js";
import {showUpdate} from "./update.js";

export const title = "Fleet";

const FIRST = 200, NEXT = 2000; // stations asked for at a time: the first ones at once
const REPAINT_EVERY = 60, ARRANGE_EVERY = 700; // milliseconds

function showSeen(cell, s) {
    const when = s.online ? s.connectedSince : s.lastSeen;
    const t = when ? Date.parse(when) : 0;
    setText(cell, when ? `${s.online ? "online" : "seen"} ${relative(t).replace(s.online ? / ago$/ : "", "")}` : "–");
    if (cell.dataset.at !== when) {
        cell.dataset.at = when ?? "";
        cell.title = when ? exact(t) : "";
    }
}

function showChanged(cell, s) {
    const when = s.update?.since ?? "";
    setText(cell, when ? relative(Date.parse(when)) : "–");
    if (cell.dataset.changed !== when) {
        cell.dataset.changed = when;
        cell.title = when ? exact(Date.parse(when)) : "";
    }
}

/* What each column shows, and by what it sorts. */
const COLUMNS = [
    {name: "id", label: "Station", track: "minmax(9rem,1.4fr)", phone: "minmax(7rem,1.2fr)", sort: (s) => s.id, show: (cell, s) => showIdentity(cell, s.id, s.online)},
    {...CELLS.online, track: "7.6rem", sort: (s) => (s.online ? 0 : 1)},
    {...CELLS.protocol, track: "4.5rem", sort: (s) => s.protocol},
    {name: "vendor", label: "Vendor", track: "minmax(5rem,.8fr)", sort: (s) => s.vendor, text: (s) => orDash(s.vendor)},
    {...CELLS.model, track: "minmax(5rem,.9fr)", sort: (s) => s.model},
    {...CELLS.firmwareVersion, track: "minmax(4.5rem,.7fr)", phone: "6.6rem", sort: (s) => s.firmwareVersion},
    {...CELLS.bootedSlot, extra: true, track: "5.5rem", sort: (s) => s.bootedSlot},
    {name: "update", label: "Update", track: "minmax(8rem,1.1fr)", phone: "minmax(7rem,1fr)", sort: (s) => s.update?.status, show: (cell, s) => showUpdate(cell, s.update)},
    {name: "since", label: "Changed", extra: true, track: "6.5rem", sort: (s) => s.update && Date.parse(s.update.since), show: showChanged},
    {name: "seen", label: "Seen", track: "minmax(5.5rem,9rem)", sort: (s) => (s.online ? s.connectedSince : s.lastSeen), show: showSeen},
    {...CELLS.tags, track: "minmax(3.5rem,.7fr)"},
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

const NOTHING_WANTED = {search: "", state: "", firmwareVersion: "", model: "", tag: ""};

function compareBy(sorted) {
    const down = sorted.startsWith("-"), name = down ? sorted.slice(1) : sorted;
    const of = COLUMNS.find((c) => c.name === name)?.sort ?? ((s) => s.id);
    return (a, b) => {
        const x = of(a), y = of(b);
        if (x === y)
            return byName(a.id, b.id);
        if (x === null || x === undefined)
            return 1; // what is not known comes last, whichever way
        if (y === null || y === undefined)
            return -1;
        const order = typeof x === "number" ? x - y : byName(x, y);
        return down ? -order : order;
    };
}

/* Whether the order is that in which things happen. */
function isFollowed(sorted) {
    return sorted.replace("-", "") === "since";
}

/* Two sorted lists as one; the places of the few among the many are looked for by halves. */
function merge(many, few, compare) {
    const merged = [];
    let from = 0;
    for (const item of few) {
        let low = from, high = many.length;
        while (low < high) {
            const middle = (low + high) >> 1;
            if (compare(many[middle], item) < 0)
                low = middle + 1;
            else
                high = middle;
        }
        while (from < low)
            merged.push(many[from++]);
        merged.push(item);
    }
    while (from < many.length)
        merged.push(many[from++]);
    return merged;
}

/* The stations, those that fit, and how many there are of each kind. */
class Fleet {
    constructor() {
        this.stations = new Map();
        this.gone = new Set(); // forgotten: an answer that is older than the event may have them
        this.sorted = "id";
        this.wanted = {...NOTHING_WANTED};
        this.ordered = null; // rows() as it was; null: that was for something else
        this.changed = new Set(); // stations, since then
    }

    put(station) {
        const known = this.stations.get(station.id) ?? {};
        this.stations.set(station.id, Object.assign(known, station));
        this.changed.add(known);
    }

    remove(id) {
        this.gone.add(id);
        if (this.stations.has(id))
            this.changed.add(this.stations.get(id));
        this.stations.delete(id);
    }

    /* wanted: those members that are others now */
    want(wanted) {
        Object.assign(this.wanted, wanted);
        this.ordered = null;
    }

    sortBy(sorted) {
        this.sorted = sorted;
        this.ordered = null;
    }

    fits(s) {
        const w = this.wanted, search = w.search.toLowerCase();
        return STATES[w.state][1](s) && (!w.firmwareVersion || s.firmwareVersion === w.firmwareVersion) && (!w.model || s.model === w.model) &&
            (!w.tag || s.tags.includes(w.tag)) &&
            (!search || [s.id, s.vendor, s.model, s.serialNumber, s.firmwareVersion].some((t) => t?.toLowerCase().includes(search)));
    }

    /* Those that fit, in order. Only what has changed looks for its place: to sort ten thousand takes too long to be done ten times a second. */
    rows() {
        const compare = compareBy(this.sorted), {ordered, changed, stations} = this;
        const others = ordered ? ordered.filter((s) => !changed.has(s)) : [];
        const fresh = [...(ordered ? changed : stations.values())].filter((s) => s && stations.get(s.id) === s && this.fits(s)).sort(compare);
        changed.clear();
        this.ordered = merge(others, fresh, compare);
        return this.ordered;
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
}

/* The counts on top; "" are all. */
const TILES = [["", "Stations"], ["online", "Connected"], ["running", "Updating", "run"], ["failed", "Failed", "bad"], ["installed", "Installed", "good"]];

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
                    if (of)
                        offerValues(box, label, valuesOf(fleet.stations.values(), of));
                    if (box.value !== fleet.wanted[name])
                        box.value = fleet.wanted[name];
                }
            }};
}

/* All of them; what is known and not among them has been forgotten meanwhile. */
async function load(fleet, signal, arrived) {
    const before = [...fleet.stations.keys()], there = new Set();
    let limit = FIRST;
    fleet.gone.clear();
    for (let after; ;) {
        const page = await pages(at("stations"), {limit, after}, signal).next();
        for (const station of page.value.items) {
            there.add(station.id);
            if (!fleet.gone.has(station.id))
                fleet.put(station);
        }
        arrived(page.value.total);
        if (page.value.next === null)
            break;
        after = page.value.next;
        limit = NEXT;
    }
    before.filter((id) => !there.has(id)).forEach((id) => fleet.remove(id)); // forgotten while nobody listened
}

export async function show(main, {query, signal}) {
    const fleet = new Fleet();
    if (Object.hasOwn(STATES, query.state))
        fleet.wanted.state = query.state;
    const listed = el("p", {class: "quiet", role: "status"}, "Loading …");
    const nothing = el("div", {});
    const grid = new Grid(COLUMNS, {label: "Stations", key: (s) => s.id, sorted: fleet.sorted,
                                    open: (s) => { location.hash = stationAddress(s.id); },
                                    onSort: (sorted) => { fleet.sortBy(sorted); arrange(); }});
    const choose = (name, value) => { fleet.want({[name]: value}); arrange(); };
    const tiles = makeTiles("Stations by state", TILES, (state) => choose("state", state));
    const filters = makeFilters(fleet, choose);
    let total = null, whole = false; // whole: all that there were have been asked for
    const noneFits = empty("No station fits", "Take a filter away: ", el("button", {type: "button", on: {click: () => { fleet.want(NOTHING_WANTED); arrange(); }}}, "show all"));
    const noneYet = empty("No station has connected yet", "Let one connect to ",
                          el("code", {}, `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ocpp/IDENTITY`), ", or try it with mock-csms-fleet.");
    const arrangeRows = () => {
        const rows = fleet.rows();
        grid.setRows(rows);
        setText(listed, !whole && total !== null && fleet.stations.size < total ? `${number(fleet.stations.size)} of ${number(total)} loaded` : `${number(rows.length)} listed`);
    };
    const arrange = () => {
        arrangeRows();
        const {rows} = grid, counts = fleet.count();
        tiles.show((state) => counts[state || "all"], fleet.wanted.state);
        filters.show();
        grid.element.hidden = rows.length === 0;
        const told = rows.length > 0 || total === null ? null : fleet.stations.size > 0 ? noneFits : noneYet;
        if (nothing.firstChild !== told) // a button that is replaced can't be pressed
            replace(nothing, told);
    };
    /* What is sorted by its last change runs by, unless somebody is about to press on a row. */
    const repaint = gather(() => (isFollowed(fleet.sorted) && !grid.isInUse() ? arrangeRows() : grid.repaint()), REPAINT_EVERY);
    const rearrange = gather(arrange, ARRANGE_EVERY);
    replace(main, el("div", {class: "head"}, el("h1", {}, "Fleet"), listed), tiles.element, filters.element, nothing, grid.element);
    signal.addEventListener("abort", () => grid.close());
    const first = load(fleet, signal, (n) => { total = n; arrange(); });
    let last = first;
    listen({types: ["station", "station-deleted"], signal,
            lost: () => { last = last.then(() => load(fleet, signal, (n) => { total = n; rearrange(); })).catch(() => {}); },
            event(type, data) {
                if (type === "station-deleted") {
                    fleet.remove(data.id);
                } else {
                    fleet.gone.delete(data.id);
                    fleet.put(data);
                }
                repaint();
                rearrange();
            }});
    await first;
    whole = true;
    arrange();
}
