/* Chooses the stations of a push: those that fit a filter, or one by one. */
import {at, pages} from "./api.js";
import {el, field, select, setText} from "./dom.js";
import {byName, number} from "./format.js";
import {Grid} from "./grid.js";
import {gather} from "./live.js";
import {CELLS, valuesOf} from "./stations.js";
import {showUpdate} from "./update.js";

const COUNT_EVERY = 300, REPAINT_EVERY = 200, EXAMPLES = 6; // milliseconds; identities told

/* The conditions: name as in REST, label, choices or where to find what there is. */
const CONDITIONS = [
    {name: "model", label: "Model", of: (s) => s.model},
    {name: "firmwareVersion", label: "Firmware version", of: (s) => s.firmwareVersion},
    {name: "belowFirmwareVersion", label: "Older than", of: (s) => s.firmwareVersion, help: "In the order of dpkg --compare-versions."},
    {name: "tag", label: "Tag", of: (s) => s.tags},
    {name: "protocol", label: "OCPP", choices: [["", "any"], ["ocpp1.6", "1.6"], ["ocpp2.0.1", "2.0.1"], ["ocpp2.1", "2.1"]]},
    {name: "online", label: "Connection", choices: [["", "any"], ["true", "connected"], ["false", "not connected"]]},
    {name: "id", label: "Identity", help: "* stands for any text."},
    {name: "vendor", label: "Vendor", of: (s) => s.vendor},
];

const COLUMNS = [
    {name: "id", label: "Station", track: "minmax(8rem,1.4fr)", phone: "minmax(6rem,1.2fr)", text: (s) => s.id},
    {...CELLS.online, track: "7.5rem"},
    {...CELLS.protocol, track: "4.5rem", phone: "4.2rem"},
    {...CELLS.model, track: "minmax(6rem,1fr)"},
    {...CELLS.firmwareVersion, track: "minmax(5rem,.8fr)", phone: "minmax(4.5rem,1fr)"},
    {name: "update", label: "Update", track: "minmax(8rem,1fr)", show: (cell, s) => showUpdate(cell, s.update)},
    {...CELLS.tags, track: "minmax(4rem,.8fr)"},
];

/* By a filter: mock-csms is asked how many fit. */
class ByFilter {
    constructor(stations, query, changed) {
        this.stations = stations;
        this.changed = changed;
        this.total = null;
        this.told = el("p", {class: "fits", role: "status"}, "…");
        this.inputs = CONDITIONS.map((c) => {
            const list = c.of ? el("datalist", {id: `push-${c.name}`}) : null;
            const input = c.choices ? select(c.choices, query[c.name] ?? "", {on: {change: () => this.count()}})
                : el("input", {type: "text", value: query[c.name] ?? "", maxlength: 192, autocomplete: "off", list: list?.id,
                    on: {input: () => this.count()}});
            return {...c, input, list};
        });
        this.element = el("div", {}, el("div", {class: "fields"},
            this.inputs.map(({label, input, list, help}) => [field(label, input, help), list])), this.told);
        this.count = gather(() => this.ask(), COUNT_EVERY);
        this.asked = 0;
    }

    filter() {
        return Object.fromEntries(this.inputs.map(({name, input}) => [name, input.value.trim()]).filter(([, value]) => value !== ""));
    }

    async ask() {
        const filter = this.filter(), mine = ++this.asked, first = (more) => pages(at("stations"), {...filter, ...more}).next();
        try {
            const [all, online] = await Promise.all([first({limit: EXAMPLES}), filter.online ? null : first({limit: 1, online: true})]);
            if (mine !== this.asked)
                return; // an older question, answered late
            const {items, total} = all.value, there = filter.online ? filter.online === "true" ? total : 0 : online.value.total;
            this.total = total;
            setText(this.told, total === 0 ? "No station fits."
                : `${number(total)} ${total === 1 ? "station fits" : "stations fit"}, ${number(there)} of them connected: ` +
                items.map((s) => s.id).join(", ") + (total > items.length ? ", …" : ""));
        } catch (error) {
            this.total = 0;
            setText(this.told, error.message);
        }
        this.changed();
    }

    arrived() {
        for (const {list, of} of this.inputs)
            if (list) {
                const values = valuesOf(this.stations.values(), of);
                if (list.dataset.values !== values.join("\n")) {
                    list.dataset.values = values.join("\n");
                    list.replaceChildren(...values.map((value) => el("option", {value})));
                }
            }
        this.count();
    }

    order() {
        const filter = this.filter();
        return {filter: "online" in filter ? {...filter, online: filter.online === "true"} : filter};
    }
}

/* One by one, out of a list that can be searched. */
class ByHand {
    constructor(stations, query, changed) {
        this.stations = stations;
        this.chosen = new Set(query.station ? [query.station] : []);
        this.told = el("p", {class: "fits", role: "status"});
        this.search = el("input", {type: "search", "aria-label": "Search stations", placeholder: "Search identity, model, version, tag",
            on: {input: () => this.arrange()}});
        this.only = el("input", {type: "checkbox", on: {change: () => this.arrange()}});
        this.grid = new Grid(COLUMNS, {label: "Stations to choose", key: (s) => s.id, selected: this.chosen,
            onSelect: () => { this.tell(); changed(); }, open: (s) => this.grid.toggle(s, !this.chosen.has(s.id))});
        this.element = el("div", {class: "byhand"},
            el("div", {class: "filters"}, this.search, el("label", {class: "check"}, this.only, " only those chosen"),
            el("button", {type: "button", on: {click: () => { this.chosen.clear(); this.tell(); changed(); this.arrange(); }}}, "Choose none")),
                this.grid.element, this.told);
        this.repaint = gather(() => this.grid.repaint(), REPAINT_EVERY);
        this.tell();
    }

    fits(s, search) {
        return (!this.only.checked || this.chosen.has(s.id)) &&
            (!search || [s.id, s.model, s.firmwareVersion, ...s.tags].some((text) => text?.toLowerCase().includes(search)));
    }

    arrange() {
        const search = this.search.value.trim().toLowerCase();
        this.first ??= new Set(this.chosen); // what came chosen is on top, and stays there
        this.grid.setRows([...this.stations.values()].filter((s) => this.fits(s, search)).sort((a,
            b) => this.first.has(b.id) - this.first.has(a.id) || byName(a.id, b.id)));
    }

    tell() {
        const [first] = this.chosen, n = this.chosen.size;
        setText(this.told, n === 0 ? "No station is chosen." : n === 1 ? `${first} is chosen.` : `${number(n)} stations are chosen.`);
    }

    get total() {
        return this.chosen.size;
    }

    order() {
        return {stations: [...this.chosen]};
    }
}

/* The card. stations: a Map that fills; query: of the address; changed(): another choice. arrived(): there are more
 * stations, or others; moved(): one has changed; order(): members for REST; total: how many, null: not known yet. */
export function makeChoice(stations, query, changed) {
    const ways = {filter: new ByFilter(stations, query, changed), hand: new ByHand(stations, query, changed)};
    let way = query.station ? "hand" : "filter";
    const show = () => {
        for (const [name, one] of Object.entries(ways))
            one.element.hidden = name !== way;
        ways.hand.grid.repaint();
    };
    const radio = (name, text) => el("label", {},
        el("input", {type: "radio", name: "whom", value: name, checked: name === way,
        on: {change: () => { way = name; show(); changed(); }}}), " ", text);
    show();
    return {
        element: el("section", {class: "card"}, el("h2", {}, "Stations"),
            el("fieldset", {class: "ways"}, el("legend", {}, "Choose"), radio("filter", "all that fit a filter"), radio("hand", "one by one")),
                    ways.filter.element, ways.hand.element),
        arrived() {
            ways.filter.arrived();
            ways.hand.arrange();
        },
        moved() {
            ways.hand.repaint();
            ways.filter.count();
        },
        get total() {
            return ways[way].total;
        },
        order: () => ways[way].order(),
        close: () => ways.hand.grid.close(),
    };
}
