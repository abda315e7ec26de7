/* Logs: what stations were asked for, live; #/logs/ask asks them, #/logs/ID looks inside one. */
import {at, download, pages, remove} from "./api.js";
import {action, confirm, el, empty, note, replace, select, setAttribute, setText, showLink} from "./dom.js";
import {byName, bytes, exact, number, relative, timeOfDay} from "./format.js";
import {Grid} from "./grid.js";
import {gather, listen} from "./live.js";
import {showAsk} from "./log-ask.js";
import {showLog} from "./log-view.js";
import {countKinds, KINDS, kindOf, requestsOf, stateBadge, STATES, whatHappened} from "./log-words.js";
import {makeTiles} from "./tiles.js";

export const title = "Logs";

const PAGE = 1000; // logs asked for at a time
const REPAINT_EVERY = 60, ARRANGE_EVERY = 500; // milliseconds
const DELETED_AT_A_TIME = 6;
const OFFERED = 50; // requests in the list to choose from

function showState(cell, log) {
    if (cell.dataset.state !== log.state) {
        cell.dataset.state = log.state;
        cell.replaceChildren(stateBadge(log));
    }
}

function showFile(cell, log) {
    let button = cell.firstChild;
    if (!button)
        cell.append(button = el("button", {type: "button", class: "quiet small", tabindex: -1}));
    button.hidden = !log.file;
    setText(button, log.file ? `⤓ ${bytes(log.file.size)}` : "");
    setAttribute(button, "aria-label", log.file ? `Download ${log.file.name}` : null);
    setAttribute(button, "title", log.file?.name);
    button.onclick = () => download(`${at("logs", log.id)}/file`, log.file.name).catch((error) => note(error.message, "bad"));
}

function showTime(cell, log) {
    const when = Date.parse(log.created);
    setText(cell, relative(when));
    setAttribute(cell, "title", exact(when));
}

const COLUMNS = [
    {name: "id", label: "Log", track: "4.5rem", numeric: true, sort: (log) => log.id, text: (log) => String(log.id)},
    {name: "station", label: "Station", track: "minmax(9rem,1fr)", phone: "minmax(7rem,1fr)", sort: (log) => log.station, show(cell, log) {
        showLink(cell, log.station, `#/logs/${log.id}`);
    }},
    {name: "state", label: "State", track: "6.5rem", phone: "6rem", sort: (log) => Object.keys(STATES).indexOf(log.state), show: showState},
    {name: "what", label: "What happened", track: "minmax(8rem,2fr)", phone: "minmax(5rem,1fr)", show(cell, log) {
        setText(cell, whatHappened(log));
        setAttribute(cell, "title", log.note);
    }},
    {name: "kind", label: "Which", track: "minmax(7rem,.8fr)", sort: kindOf, text: kindOf},
    {name: "size", label: "File", track: "7rem", sort: (log) => log.file?.size ?? -1, show: showFile},
    {name: "created", label: "Asked for", track: "7rem", sort: (log) => log.id, show: showTime},
];

/* All logs by id, and those that are wanted. */
class Logs {
    constructor(query) {
        this.logs = new Map();
        this.heard = new Set(); // ids that events were about since the list was asked for
        this.sorted = "-id";
        this.wanted = {search: query.station ?? "",
                       state: Object.hasOwn(STATES, query.state) || Object.hasOwn(KINDS, query.state) ? query.state : "", request: query.request ?? ""};
    }

    put(log) {
        this.logs.set(log.id, Object.assign(this.logs.get(log.id) ?? {}, log));
    }

    arrange() {
        const ordered = [...this.logs.values()].sort((a, b) => a.id - b.id);
        this.requests = requestsOf(ordered);
        this.request = this.requests.find((r) => r.first === Number(this.wanted.request)) ?? null;
        const {search, state} = this.wanted, word = search.toLowerCase();
        const fits = KINDS[state]?.[1] ?? ((log) => !state || log.state === state);
        this.within = (this.request?.logs ?? ordered).filter((log) => log.station.toLowerCase().includes(word));
        const down = this.sorted.startsWith("-"), of = COLUMNS.find((c) => c.name === this.sorted.replace("-", "")).sort;
        this.rows = this.within.filter(fits).sort((a, b) => {
            const x = of(a), y = of(b);
            const order = typeof x === "number" ? x - y : byName(x, y);
            return (down ? -order : order) || b.id - a.id;
        });
    }
}

/* Counts by kind; "" are all. */
const TILES = [["", "Logs"], ["under", KINDS.under[0], "run"], ["received", KINDS.received[0], "good"], ["failed", KINDS.failed[0], "bad"]];

function makeFilters(list, choose) {
    const search = el("input", {type: "search", "aria-label": "Station", placeholder: "Search station", value: list.wanted.search,
                                on: {input: () => choose("search", search.value)}});
    const state = select([["", "All states"], ["under", "On the way"], ...Object.keys(STATES).map((name) => [name, name])], list.wanted.state,
                         {"aria-label": "State", on: {change: () => choose("state", state.value)}});
    const request = select([["", "All requests"]], "", {"aria-label": "Request", on: {change: () => choose("request", request.value)}});
    return {element: el("div", {class: "filters", role: "search"}, search, state, request),
            show() {
                const some = list.requests.slice(0, OFFERED);
                if (list.request && !some.includes(list.request))
                    some.push(list.request);
                const options = [["", "All requests"],
                                 ...some.map((r) => [String(r.first), `${exact(Date.parse(r.created))}: ${number(r.logs.length)}`])];
                const known = options.map(([, text]) => text).join("\n");
                if (request.dataset.known !== known && document.activeElement !== request) {
                    request.dataset.known = known;
                    request.replaceChildren(...select(options, "").children);
                }
                request.value = list.request ? String(list.request.first) : "";
                state.value = list.wanted.state;
                search.value = list.wanted.search;
            }};
}

/* How far a request is: one line in words, and a bar. */
function makeProgress() {
    const words = el("span", {}), bar = el("progress", {"aria-label": "How far the request is"});
    const element = el("div", {class: "card log-progress"}, words, bar);
    return {element, show(request) {
        element.hidden = !request;
        if (!request)
            return;
        const counts = countKinds(request.logs), all = request.logs.length, parts = [];
        for (const [name, [label]] of Object.entries(KINDS))
            if (counts[name])
                parts.push(`${number(counts[name])} ${label.toLowerCase()}`);
        setText(words,
                       `${request.newest ? "Last request" : "Request"}, ${timeOfDay(Date.parse(request.created))}: ` +
                       `${number(all)} asked for, ${parts.join(", ")}`);
        bar.max = all;
        bar.value = all - counts.under;
        bar.hidden = counts.under === 0;
    }};
}

/* Deletes some at a time; tells how far it is. */
async function deleteAll(ids, signal, progress) {
    const left = [...ids];
    let done = 0, failed = null;
    const work = async () => {
        while (left.length && !signal.aborted && !failed) {
            try {
                await remove(at("logs", left.shift()));
            } catch (error) {
                if (error.status !== 404)
                    failed = error;
            }
            progress(++done);
        }
    };
    await Promise.all(Array.from({length: DELETED_AT_A_TIME}, work));
    if (failed)
        throw failed;
    return done;
}

function makeDelete(list, selected, signal, changed) {
    const button = action("", async () => {
        const ids = [...selected], files = ids.map((id) => list.logs.get(id)?.file).filter(Boolean);
        const size = files.reduce((sum, file) => sum + file.size, 0);
        if (!await confirm(`Delete ${number(ids.length)} log${ids.length === 1 ? "" : "s"}?`,
                           el("p", {}, `${files.length === 1 ? "1 file" : `${number(files.length)} files`}, ${bytes(size)}, go with them. `,
                              "What stations still upload for them is refused. This can't be undone."),
                           "Delete", "bad"))
            return;
        const done = await deleteAll(ids, signal, (n) => setText(button, `Deleting, ${number(n)} of ${number(ids.length)}`));
        note(`${number(done)} deleted.`, "good");
        selected.clear();
        changed();
    }, {operator: true});
    const may = !button.disabled;
    return {button, show() {
        setText(button, selected.size ? `Delete ${number(selected.size)} …` : "Delete …");
        button.disabled = !may || selected.size === 0;
    }};
}

async function load(list, signal, arrived) {
    const before = [...list.logs.keys()], there = new Set();
    list.heard = new Set();
    for await (const page of pages(at("logs"), {limit: PAGE}, signal)) {
        for (const log of page.items) {
            if (!list.heard.has(log.id)) // what was heard meanwhile is newer
                list.put(log);
            there.add(log.id);
        }
        arrived(page.total);
    }
    for (const id of before)
        if (!there.has(id) && !list.heard.has(id))
            list.logs.delete(id);
}

function nothingThere(list, showAll) {
    if (list.rows.length > 0)
        return null;
    if (list.logs.size > 0)
        return empty("No log fits", "Take a filter away: ", el("button", {type: "button", on: {click: showAll}}, "show all"));
    return empty("No station was asked for its log yet",
                 "Stations upload their logs to this server when they are asked, and you can look inside here. ",
                 el("a", {href: "#/logs/ask"}, "Ask for logs"));
}

async function showList(main, query, signal) {
    const list = new Logs(query), selected = new Set();
    const listed = el("p", {class: "quiet", role: "status"}, "Loading …"), nothing = el("div", {});
    const choose = (name, value) => {
        list.wanted[name] = value;
        selected.clear();
        arrange();
    };
    const grid = new Grid(COLUMNS, {label: "Logs", key: (log) => log.id, sorted: list.sorted, selected, onSelect: () => deleting.show(),
                                    open: (log) => { location.hash = `#/logs/${log.id}`; },
                                    onSort: (sorted) => { list.sorted = sorted; arrange(); }});
    const tiles = makeTiles("Logs by state", TILES, (state) => choose("state", state)), filters = makeFilters(list, choose), progress = makeProgress();
    let total = null, loaded = false;
    const arrange = () => {
        list.arrange();
        for (const id of selected)
            if (!list.logs.has(id))
                selected.delete(id);
        deleting.show();
        grid.setRows(list.rows);
        const counts = countKinds(list.within);
        tiles.show((state) => (state ? counts[state] : list.within.length), list.wanted.state);
        filters.show();
        progress.show(list.request ?? (list.requests[0] ? {...list.requests[0], newest: true} : null));
        setText(listed, total !== null && list.logs.size < total
            ? `${number(list.logs.size)} of ${number(total)} loaded` : `${number(list.rows.length)} listed`);
        grid.element.hidden = list.rows.length === 0;
        replace(nothing, total === null ? null : nothingThere(list, () => { list.wanted = {search: "", state: "", request: ""}; arrange(); }));
    };
    const deleting = makeDelete(list, selected, signal, arrange);
    progress.show(null);
    deleting.show();
    const ask = el("a", {class: "button main", href: "#/logs/ask"}, "Ask for logs");
    replace(main, el("div", {class: "head"}, el("h1", {}, "Logs"), listed, el("div", {class: "buttons"}, deleting.button, ask)),
            progress.element, tiles.element, filters.element, nothing, grid.element);
    signal.addEventListener("abort", () => grid.close());
    const repaint = gather(() => grid.repaint(), REPAINT_EVERY), rearrange = gather(() => { if (!signal.aborted) arrange(); }, ARRANGE_EVERY);
    const first = load(list, signal, (n) => { total = n; rearrange(); });
    listen({types: ["log"], signal,
            lost: () => first.then(() => load(list, signal, (n) => { total = n; rearrange(); })).catch(() => {}),
            event(type, {what, ...log}) {
                list.heard.add(log.id);
                if (what === "deleted")
                    list.logs.delete(log.id);
                else
                    list.put(log);
                if (!loaded)
                    return;
                total = list.logs.size;
                repaint();
                rearrange();
            }});
    await first;
    loaded = true;
    arrange();
}

export async function show(main, {parts, query, signal}) {
    if (parts[0] === "ask")
        return showAsk(main, {query, signal});
    if (parts.length)
        return showLog(main, {id: parts[0], query, signal});
    return showList(main, query, signal);
}
