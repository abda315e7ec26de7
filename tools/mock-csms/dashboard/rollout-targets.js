/* The stations of a roll-out, by state and group, live. */
import {at, pages} from "./api.js";
import {el, replace, select, setAttribute, setText} from "./dom.js";
import {byName, exact, number, relative} from "./format.js";
import {Grid} from "./grid.js";
import {gather} from "./live.js";
import {TARGET_STATES} from "./rollout-words.js";
import {CELLS, showIdentity, stationAddress} from "./stations.js";
import {makeTiles} from "./tiles.js";

const PAGE = 2000, ARRANGE_EVERY = 1000, REPAINT_EVERY = 150; // stations at a time; milliseconds
const ATTENTION = Object.keys(TARGET_STATES); // in the order of attention
const PLACES = new Map(ATTENTION.map((state, i) => [state, i]));

const FAILURES = {
    NoAnswer: "no answer",
    Rejected: "rejected the order",
    CallError: "answered with an error",
    DownloadFailed: "download failed",
    InvalidSignature: "invalid signature",
    InstallationFailed: "installation failed",
    InstallVerificationFailed: "verification failed",
    Stalled: "no progress",
    Untellable: "can't be told this",
};

function showSince(cell, t) {
    setText(cell, relative(Date.parse(t.since)));
    if (cell.dataset.at !== t.since) {
        cell.dataset.at = t.since;
        cell.title = exact(Date.parse(t.since));
    }
}

const COLUMNS = [
    {
        name: "station",
        label: "Station",
        track: "minmax(9rem,1.4fr)",
        phone: "minmax(7rem,1.2fr)",
        sort: (t) => t.rank,
        show: (cell, t) => showIdentity(cell, t.station)
    },
    {name: "group", label: "Group", track: "minmax(6rem,1fr)", sort: (t) => t.group, text: (t) => t.group},
    {
        name: "state",
        label: "State",
        track: "8rem",
        phone: "6rem",
        sort: (t) => PLACES.get(t.state),
        show(cell, t) {
            setText(cell, t.state);
            setAttribute(cell, "data-tone", TARGET_STATES[t.state]?.[0]);
            setAttribute(cell, "title", TARGET_STATES[t.state]?.[1]);
        }
    },
    {
        name: "failure",
        label: "Last failure",
        track: "minmax(8rem,1.2fr)",
        phone: "minmax(7rem,1.3fr)",
        sort: (t) => t.failure ?? "~",
        text: (t) => FAILURES[t.failure] ?? t.failure ?? "–"
    },
    {name: "tries", label: "Tries", track: "4.5rem", numeric: true, sort: (t) => t.tries, text: (t) => number(t.tries)},
    {...CELLS.online, track: "7.5rem", sort: (t) => (t.online ? 0 : 1)},
    {name: "since", label: "Since", track: "8rem", sort: (t) => t.since, show: showSince},
];

/* rank is the place of a station in the order of names, which is reckoned once: comparing names each time would be felt with thousands. */
function compareBy(sorted) {
    const sign = sorted.startsWith("-") ? -1 : 1, of = COLUMNS.find((c) => c.name === sorted.replace("-", "")).sort;
    return (a, b) => {
        const x = of(a), y = of(b);
        return x === y ? a.rank - b.rank : x < y ? -sign : sign;
    };
}

/* Counts by state; "" are all. */
const TILES = [["", "all"], ...ATTENTION.map((state) => [state, state, ...TARGET_STATES[state]])];

export class Targets {
    constructor(id, query, signal) {
        Object.assign(this, {
            id,
            signal,
            targets: new Map(),
            state: Object.hasOwn(TARGET_STATES, query.state) ? query.state : "",
            group: query.group ?? "",
            search: "",
            sorted: "state",
            rollout: null
        });
        this.tiles = makeTiles("Stations by state", TILES, (state) => this.choose({state}));
        this.tiles.element.classList.add("rollout-states");
        this.groups = select([["", "All groups"]], "", {"aria-label": "Group", on: {change: () => this.choose({group: this.groups.value})}});
        const search = el("input",
            {type: "search", placeholder: "Search identity", "aria-label": "Search", on: {input: () => this.choose({search: search.value})}});
        this.listed = el("p", {class: "quiet", role: "status"});
        this.none = el("div");
        this.grid = new Grid(COLUMNS, {
            label: "Stations of the roll-out",
            key: (t) => t.station,
            sorted: this.sorted,
            open: (t) => { location.hash = stationAddress(t.station); },
            onSort: (sorted) => this.choose({sorted})
        });
        this.element =
            el("section", {class: "rollout-targets", "aria-label": "Stations"}, el("div", {class: "head"}, el("h2", {}, "Stations"), this.listed),
                this.tiles.element, el("div", {class: "filters", role: "search"}, search, this.groups), this.none, this.grid.element);
        this.repaint = gather(() => this.grid.repaint(), REPAINT_EVERY);
        this.rearrange = gather(() => this.arrange(), ARRANGE_EVERY);
        signal.addEventListener("abort", () => this.grid.close());
    }

    count(rollout) {
        this.tiles.show((state) => (state ? rollout.counts[state] ?? 0 : rollout.size), this.state, (state, n) => n === 0 && state !== "" && state !== "failed");
    }

    choose(wanted) {
        Object.assign(this, wanted);
        this.groups.value = this.group;
        const query = new URLSearchParams(Object.entries({state: this.state, group: this.group}).filter(([, v]) => v));
        history.replaceState(null, "", `#/rollouts/${this.id}${query.size ? `?${query}` : ""}`);
        this.arrange();
    }

    show(rollout) {
        if (!this.rollout)
            this.groups.append(...rollout.groups.map((g) => el("option", {value: g.name, selected: g.name === this.group}, g.name)));
        this.rollout = rollout;
        this.count(rollout);
    }

    arrange() {
        if (!this.rollout)
            return;
        const search = this.search.toLowerCase();
        const rows = [...this.targets.values()].filter((t) => (!this.state || t.state === this.state) && (!this.group || t.group === this.group) &&
                                                              (!search || t.station.toLowerCase().includes(search))).sort(compareBy(this.sorted));
        this.grid.setRows(rows);
        this.count(this.rollout);
        setText(this.listed,
            this.targets.size < this.rollout.size && !this.loaded ? `${number(this.targets.size)} of ${number(this.rollout.size)} loaded`
                                                                  : `${number(rows.length)} listed`);
        this.grid.element.hidden = rows.length === 0;
        const words = rows.length > 0 ? ""
            : !this.loaded            ? "Loading …"
            : this.state === "failed" ? "No station has failed."
                                      : "No station is so now.";
        if (this.none.textContent !== words)
            replace(this.none, words ? el("p", {class: "empty"}, words) : null);
    }

    /* Those that are looked for come first. */
    async load() {
        for (const state of this.state ? [this.state, ""] : [""])
            for await (const page of pages(at("rollouts", this.id, "targets"), {limit: PAGE, state}, this.signal)) {
                for (const t of page.items)
                    if (!(this.targets.get(t.station)?.since > t.since)) // what was heard meanwhile is newer
                        this.put(t);
                this.arrange();
            }
        this.rank();
        this.loaded = true;
        this.arrange();
    }

    rank() {
        [...this.targets.values()].sort((a, b) => byName(a.station, b.station)).forEach((t, i) => { t.rank = i; });
    }

    put(t) {
        this.targets.set(t.station, Object.assign(this.targets.get(t.station) ?? {rank: this.targets.size}, t));
    }

    /* A station came or went. */
    seen(station) {
        const t = this.targets.get(station.id);
        if (t && t.online !== station.online) {
            t.online = station.online;
            this.repaint();
        }
    }

    event(t) {
        this.put(t);
        this.repaint();
        this.rearrange();
    }
}
