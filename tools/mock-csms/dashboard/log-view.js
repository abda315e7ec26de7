/* One log: what it is and what became of it, and what is in its file. */
import {at, download, get, remove} from "./api.js";
import {action, confirm, el, empty, facts, note, replace, setAttribute, setText, trouble} from "./dom.js";
import {byName, bytes, exact, number, time} from "./format.js";
import {Grid} from "./grid.js";
import {listen} from "./live.js";
import {showText} from "./log-text.js";
import {kindOf, stateBadge, STATES, whatHappened} from "./log-words.js";
import {stationAddress} from "./stations.js";

const WAYS = {http: "to this server", ftp: "to the FTP server", elsewhere: "elsewhere"};

function asked(log) {
    const from = log.oldestTimestamp ? exact(Date.parse(log.oldestTimestamp)) : "the beginning";
    const to = log.latestTimestamp ? exact(Date.parse(log.latestTimestamp)) : "now";
    return facts([
        ["Station", el("a", {href: stationAddress(log.station)}, log.station)],
        ["Which", kindOf(log)],
        ["Of the time", log.oldestTimestamp || log.latestTimestamp ? `${from} to ${to}` : null],
        ["By", log.action ? `${log.action}${log.requestId === null ? "" : `, request ${log.requestId}`}` : null],
        ["Uploads", WAYS[log.via]],
        ["Tries again", log.retries === null ? null
            : `${number(log.retries)} times${log.retryInterval === null ? "" : `, after ${number(log.retryInterval)} s`}`],
        ["Asked for", time(log.created)],
        ["Together with", el("a", {href: `#/logs?request=${log.request}`}, "all logs of this request")],
    ]);
}

function became(log) {
    return facts([
        ["State", [stateBadge(log), " ", STATES[log.state]?.[1] ?? ""]],
        ["Reason", log.state === "failed" || log.note ? whatHappened(log) : null],
        ["Answer", log.answer ? [log.answer, " ", time(log.answered, true)] : null],
        ["Last status", log.status ? [log.status, " ", time(log.statusSince, true)] : null],
        ["It named the file", log.filename !== log.file?.name ? log.filename : null],
        ["File", log.file && `${log.file.name}, ${bytes(log.file.size)}`],
        ["Came", log.file && [time(log.file.received), ` by ${log.file.method}`]],
        ["SHA-256", log.file && el("span", {class: "mono"}, log.file.sha256)],
    ]);
}

/* Entries as rows of a tree: folders that the archive only implies are there too. */
function treeOf(entries) {
    const root = {children: new Map()};
    for (const entry of entries) {
        const parts = entry.name.split("/").filter((part) => part !== "" && part !== ".");
        let node = root;
        for (const [i, part] of (parts.length ? parts : [entry.name]).entries()) {
            if (!node.children.has(part))
                node.children.set(part, {name: part, depth: i, children: new Map(), entry: null});
            node = node.children.get(part);
        }
        node.entry ??= entry; // of several of one name the first is what can be read
    }
    const rows = [];
    const walk = (node) => {
        for (const child of [...node.children.values()].sort((a, b) => byName(a.name, b.name))) {
            rows.push(child);
            walk(child);
        }
    };
    walk(root);
    return rows;
}

const TYPES = {folder: "folder", link: "link", other: "no file"};

const COLUMNS = [
    {name: "name", label: "Name", track: "minmax(8rem,1fr)", phone: "minmax(8rem,1fr)", show(cell, row) {
        setText(cell, row.entry?.type === "file" ? row.name : `${row.name}${row.entry && row.entry.type !== "folder" ? "" : "/"}`);
        setAttribute(cell, "title", row.entry?.name ?? row.name);
        cell.style.paddingLeft = `${.45 + Math.min(row.depth, 12) * 1.1}rem`;
        cell.dataset.tone = row.entry?.type === "file" ? "" : "off";
    }},
    {name: "size", label: "Size", track: "5.5rem", phone: "5.5rem", numeric: true,
     text: (row) => row.entry?.type === "file" ? (row.entry.size === null ? "–" : bytes(row.entry.size)) : TYPES[row.entry?.type ?? "folder"]},
    {name: "modified", label: "Changed", track: "13rem", text: (row) => row.entry?.modified ? exact(Date.parse(row.entry.modified)) : ""},
];

/* What is in the file; opens what the address names, or what is alone in it. */
class Inside {
    constructor(log, signal, wanted) {
        this.log = log;
        this.signal = signal;
        this.wanted = wanted;
        this.list = el("section", {class: "log-entries", "aria-label": "Files in the log"});
        this.text = el("section", {class: "log-text", "aria-label": "Text of a file"});
        this.element = el("div", {class: "log-inside"}, this.list, this.text);
    }

    async load() {
        const answer = await get(`${at("logs", this.log.id)}/entries`, {}, this.signal);
        const rows = treeOf(answer.entries), files = answer.entries.filter((e) => e.type === "file");
        const grid = new Grid(COLUMNS, {label: "Files in the log", key: (row) => row.name, open: (row) => this.choose(row.entry)});
        const search = el("input", {type: "search", "aria-label": "Find a file", placeholder: "Find a file by name", on: {
            input: () => grid.setRows(rows.filter((row) => (row.entry?.name ?? row.name).toLowerCase().includes(search.value.toLowerCase())))}});
        this.signal.addEventListener("abort", () => grid.close());
        const unpacked = bytes(files.reduce((sum, e) => sum + (e.size ?? 0), 0));
        replace(this.list, el("p", {class: "quiet"}, answer.format === "raw" ? "This is no archive, but one file." :
                                `${answer.format ?? "Unknown format"}: ` +
                                `${number(files.length)} file${files.length === 1 ? "" : "s"}, ${unpacked} unpacked`),
                answer.note ? el("p", {class: "log-note", role: "alert"}, `This is not all: ${answer.note}`) : null,
                rows.length > 12 ? el("div", {class: "filters"}, search) : null, rows.length ? grid.element : null);
        grid.setRows(rows);
        const alone = files.length === 1 && answer.entries.length === 1;
        this.element.classList.toggle("alone", alone);
        const first = files.find((e) => e.name === this.wanted) ?? (alone ? files[0] : null);
        if (first)
            await this.open(first);
        else
            replace(this.text, empty(rows.length ? "Choose a file" : "There is nothing in it that can be read",
                                     rows.length ? "Its text is shown here." : "Download the log to look at it with other programs."));
    }

    /* On a phone the text is below the list: one is brought to it. */
    async choose(entry) {
        await this.open(entry);
        this.text.scrollIntoView({block: "nearest"});
    }

    async open(entry) {
        if (entry?.type !== "file")
            return;
        this.reading?.abort();
        this.reading = new AbortController();
        history.replaceState(null, "", `#/logs/${this.log.id}?${new URLSearchParams({file: entry.name})}`);
        await showText(this.text, {id: this.log.id, name: entry.name, size: entry.size, signal: AbortSignal.any([this.signal, this.reading.signal])});
    }
}

async function showInside(element, log, signal, wanted) {
    if (!log.file) {
        replace(element, empty("No file is here", STATES[log.state]?.[1] ?? ""));
        return;
    }
    const inside = new Inside(log, signal, wanted);
    replace(element, el("h2", {}, "In the file"), inside.element);
    try {
        await inside.load();
    } catch (error) {
        if (!signal.aborted)
            replace(element, el("h2", {}, "In the file"), trouble(error, "Download it to look at it with other programs."));
    }
}

function deletes(log) {
    return action("Delete …", async () => {
        if (!await confirm(`Delete log ${log.id}?`, el("p", {},
                log.file ? `Its file, ${bytes(log.file.size)}, goes with it. ` : "There is no file of it. ",
                                                       "What the station still uploads for it is refused. This can't be undone."), "Delete", "bad"))
            return;
        await remove(at("logs", log.id));
        note(`Log ${log.id} is deleted.`, "good");
        location.hash = "#/logs";
    }, {operator: true});
}

/* The log; null: there is none of this id. */
async function find(id, signal) {
    try {
        return await get(at("logs", id), {}, signal);
    } catch (error) {
        if (error.status === 404 || error.status === 400)
            return null;
        throw error;
    }
}

export async function showLog(main, {id, query, signal}) {
    const log = await find(id, signal);
    if (!log) {
        replace(main, el("h1", {}, "Log"), empty("There is no such log", "It was deleted, or never asked for. ", el("a", {href: "#/logs"}, "To all logs")));
        return;
    }
    const badge = el("span", {}), what = el("div", {class: "card"}), then = el("div", {class: "card"}), inside = el("div", {class: "log-file"});
    const save = action("Download", () => download(`${at("logs", log.id)}/file`, log.file.name), {class: "main"});
    let file = null, reading = null;
    const paint = () => {
        replace(badge, stateBadge(log));
        replace(what, el("h2", {}, "What was asked"), asked(log));
        replace(then, el("h2", {}, "What became of it"), became(log));
        save.hidden = !log.file;
        if (inside.firstChild && file === (log.file?.sha256 ?? null) && (file || inside.dataset.state === log.state))
            return;
        file = log.file?.sha256 ?? null;
        inside.dataset.state = log.state;
        reading?.abort();
        reading = new AbortController();
        showInside(inside, log, AbortSignal.any([signal, reading.signal]), query.file);
    };
    replace(main, el("div", {class: "head"}, el("h1", {}, `Log ${log.id} of ${log.station}`), badge, el("a", {href: "#/logs"}, "All logs"),
                     el("div", {class: "buttons"}, save, deletes(log))), el("div", {class: "cards log-facts"}, what, then), inside);
    paint();
    const again = async () => {
        Object.assign(log, await get(at("logs", id), {}, signal));
        paint();
    };
    listen({types: ["log"], station: log.station, signal, lost: () => again().catch(() => {}), event(type, {what: change, ...told}) {
        if (told.id !== log.id)
            return;
        if (change === "deleted") {
            replace(main, el("h1", {}, `Log ${log.id}`), empty("This log is deleted", el("a", {href: "#/logs"}, "To all logs")));
            return;
        }
        Object.assign(log, told);
        paint();
    }});
}
