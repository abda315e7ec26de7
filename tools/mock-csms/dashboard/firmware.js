/* All firmware: what there is, and how more comes; one of it is in firmware-one.js. */
import {all, at, get} from "./api.js";
import {el, empty, replace, setAttribute, setText} from "./dom.js";
import {catchDrops, makeElsewhere, makeUpload} from "./firmware-add.js";
import {showFirmware} from "./firmware-one.js";
import {SCHEMES, loadUsers, orGone, usersText} from "./firmware-parts.js";
import {byName, bytes, number, time} from "./format.js";
import {Grid} from "./grid.js";
import {gather, listen} from "./live.js";

export const title = "Firmware";

const RELOAD_EVERY = 400, USERS_EVERY = 3000; // milliseconds
const TONES = {ready: "good", elsewhere: "run", missing: "bad"};

function toned(cell, text, tone) {
    setText(cell, text);
    setAttribute(cell, "data-tone", tone);
}

function columns(users) {
    return [
        {name: "name", label: "Name", track: "minmax(10rem,1.6fr)", phone: "minmax(7rem,1.4fr)", sort: true, show(cell, f) {
            let link = cell.firstChild;
            if (!link)
                cell.append(link = el("a", {tabindex: -1}));
            setText(link, f.name);
            setAttribute(link, "href", `#/firmware/${f.id}`);
            setAttribute(cell, "title", f.name);
        }},
        {name: "version", label: "Version", track: "minmax(5rem,.8fr)", phone: "minmax(4.5rem,.8fr)", sort: true, text: (f) => f.version ?? "–"},
        {name: "compatible", label: "Compatible", track: "minmax(6rem,1fr)", sort: true, text: (f) => f.compatible ?? "–"},
        {name: "format", label: "Format", track: "5rem", text: (f) => f.format ?? "–"},
        {name: "size", label: "Size", track: "6rem", numeric: true, sort: true, text: (f) => f.size === null ? "–" : bytes(f.size)},
        {name: "scheme", label: "OCPP signature", track: "10.5rem", sort: true,
            show: (cell, f) => toned(cell, f.scheme ? SCHEMES[f.scheme] : "no", f.scheme ? "good" : "off")},
        {name: "verified", label: "Bundle", track: "7.5rem",
         show: (cell, f) => toned(cell, f.verified === null ? "not looked at" : f.verified ? "verified" : "not verified",
             f.verified === null ? "off" : f.verified ? "good" : "bad")},
        {name: "status", label: "Status", track: "6rem", phone: "6rem", sort: true, show: (cell, f) => toned(cell, f.status, TONES[f.status])},
        {name: "added", label: "Added", track: "7.6rem", sort: true, show: (cell, f) => cell.replaceChildren(time(f.added, true))},
        {name: "users", label: "Used by", track: "minmax(7rem,1fr)", text: (f) => usersText(users().get(f.id))},
    ];
}

function compareBy(sorted) {
    const down = sorted.startsWith("-"), name = down ? sorted.slice(1) : sorted;
    return (a, b) => {
        const x = a[name], y = b[name];
        if (x === null || y === null)
            return x === y ? a.id - b.id : x === null ? 1 : -1; // what is not known comes last, whichever way
        const order = typeof x === "number" ? x - y : byName(x, y);
        return (down ? -order : order) || a.id - b.id;
    };
}

async function showAll(main, signal) {
    let list = null, users = new Map(), most = null, sorted = "-added";
    const listed = el("p", {class: "quiet", role: "status"}, "Loading …"), nothing = el("div", {});
    const grid = new Grid(columns(() => users), {label: "Firmware", key: (f) => f.id, sorted, open: (f) => { location.hash = `#/firmware/${f.id}`; },
                                                 onSort: (next) => { sorted = next; arrange(); }});
    const adding = makeUpload(() => most), page = el("div", {class: "page"});
    const arrange = () => {
        grid.setRows([...list].sort(compareBy(sorted)));
        grid.element.hidden = list.length === 0;
        setText(listed, `${number(list.length)} ${list.length === 1 ? "file" : "files"}`);
        replace(nothing, list.length > 0 ? null : empty("There is no firmware yet",
            "Upload a RAUC bundle, or tell of a file that lies elsewhere. Stations are then told of it by a push or a roll-out."));
    };
    const load = async () => {
        list = await all(at("firmware"), {limit: 1000}, signal);
        arrange();
    };
    const loadWho = async () => {
        users = await loadUsers(signal);
        grid.repaint();
    };
    const missed = (error) => { if (!signal.aborted) setText(listed, error.message); };
    replace(page, el("div", {class: "head"}, el("h1", {}, "Firmware"), listed), el("div", {class: "adding"}, adding.element, makeElsewhere()),
        nothing, grid.element);
    replace(main, page);
    catchDrops(page, adding.take);
    signal.addEventListener("abort", () => grid.close());
    await load();
    adding.element.open = list.length === 0;
    const reload = gather(() => load().catch(missed), RELOAD_EVERY), reloadWho = gather(() => loadWho().catch(missed), USERS_EVERY);
    get("/api/self", {}, signal).then((self) => { most = self.firmwareMax; }).catch(missed);
    loadWho().catch(missed);
    listen({types: ["firmware", "push", "push-deleted", "rollout", "rollout-deleted"], signal, lost: () => { reload(); reloadWho(); },
            event: (type) => type === "firmware" ? reload() : reloadWho()});
}

export async function show(main, {parts, signal}) {
    if (parts[0])
        await showFirmware(main, parts[0], signal).catch((error) => orGone(main, error, "#/firmware", "To all firmware"));
    else
        await showAll(main, signal);
}
