/* A new push: for whom, what, when. It becomes a draft, which is looked at and sent in push-one.js. */
import {all, at, post} from "./api.js";
import {action, el, field, replace, select, setText, trouble} from "./dom.js";
import {labelOf} from "./firmware-parts.js";
import {number, relative} from "./format.js";
import {gather, listen} from "./live.js";
import {makeChoice} from "./push-choose.js";
import {loadStations} from "./push-parts.js";

const COUNT_EVERY = 2000, ARRIVE_EVERY = 300, RELOAD_EVERY = 500; // milliseconds

/* A time as an operator says it; none: what it is where nothing is said. */
function makeMoment(label, none, help) {
    const day = el("input", {type: "datetime-local", "aria-label": `${label}: day and hour`, on: {input: () => show()}});
    const hour = el("input", {type: "time", value: "02:00", "aria-label": `${label}: hour`});
    const told = el("small", {class: "quiet", role: "status"});
    const kind = select([["none", none], ["utc", "UTC, day and hour"], ["local", "station time, day and hour"],
        ["daily", "station time, next such hour"]], "none",
                        {on: {change: () => show()}});
    const inputs = el("span", {class: "moment"}, day, hour, told);
    function show() {
        day.hidden = kind.value !== "utc" && kind.value !== "local";
        hour.hidden = kind.value !== "daily";
        setText(told, kind.value === "utc" && day.value ? relative(Date.parse(`${day.value}Z`)) : kind.value === "local" ||
            kind.value === "daily" ? "A station without a time zone takes UTC." : "");
    }
    show();
    return {
        element: el("div", {}, field(label, kind, help), inputs),
        get() {
            if (kind.value === "none")
                return undefined;
            const value = kind.value === "daily" ? hour.value : day.value;
            if (!value)
                throw new Error(`${label}: say when, or choose "${none}".`);
            return kind.value === "utc" ? `${value.length === 16 ? `${value}:00` : value}Z` : value;
        },
    };
}

/* What is pushed: a firmware of the list, or an address and what belongs to it. */
function makeWhat(query, changed) {
    const list = select([["", "Choose …"]], "", {on: {change: () => show()}}), known = new Map();
    const address = el("input", {type: "url", maxlength: 512, placeholder: "https://…", on: {input: changed}});
    const certificate = el("textarea", {rows: 3, spellcheck: "false"}), signature = el("textarea", {rows: 2, spellcheck: "false"});
    const plain = el("input", {type: "checkbox"}), told = el("p", {class: "quiet"});
    const elsewhere = el("div", {}, field("URL", address, "Of http, https, ftp, ftps or sftp, as the stations speak it."),
                         el("details", {class: "inner"}, el("summary", {}, "Signed: its certificate and signature"),
                             field("Signing certificate (PEM)", certificate), field("Signature (base64)", signature)));
    let wanted = query.firmware ?? "";
    function show() {
        wanted = list.value;
        elsewhere.hidden = wanted !== "location";
        const f = known.get(wanted);
        setText(told, !f ? "" : f.status === "missing" ? "Its file has gone from the disk: nobody could fetch it." : f.scheme
            ? "It is signed for OCPP: 1.6 stations get SignedUpdateFirmware, 2.x ones the certificate and the signature." :
            "It is not signed for OCPP: 1.6 stations get UpdateFirmware, which tells no time of installing.");
        changed();
    }
    return {
        element: el("section", {class: "card"}, el("h2", {}, "Firmware"), field("File", list), told, elsewhere,
                    el("label", {class: "check"}, plain, " plain: leave out certificate and signature, whatever there is")),
        take(files) {
            known.clear();
            files.forEach((f) => known.set(String(f.id), f));
            list.replaceChildren(...select([["", "Choose …"],
                ...files.map((f) => [String(f.id), `${labelOf(f)}${f.scheme ? " · signed" : ""}`]).reverse(),
                ["location", "A location, not kept here"]],
                                           wanted).children);
            list.value = wanted;
            show();
        },
        text: () => wanted === "location" ? address.value : known.has(wanted) ? labelOf(known.get(wanted)) : null,
        order() {
            const p = plain.checked || undefined;
            if (wanted !== "location")
                return {firmware: wanted ? Number(wanted) : undefined, plain: p};
            return {location: address.value.trim(), signingCertificate: certificate.value.trim() ? certificate.value : undefined,
                signature: signature.value.replace(/\s+/g, "") || undefined, plain: p};
        },
    };
}

function numberField(label, help, most) {
    const input = el("input", {type: "number", min: 0, max: most, step: 1, inputmode: "numeric"});
    return {element: field(label, input, help), get() {
        if (!input.checkValidity())
            throw new Error(`${label}: a whole number from 0 to ${number(most)}.`);
        return input.value === "" ? undefined : Number(input.value);
    }};
}

function makeWhen() {
    const retrieve = makeMoment("Retrieve", "now", "When a station fetches the file.");
    const install = makeMoment("Install", "not told: at once",
        "When it installs it. Plain UpdateFirmware of 1.6 can't say this: such stations are untellable then.");
    const spread = numberField("Spread, minutes", "A window: each station comes later by its own part of it, so that not all fetch at once.",
        7 * 24 * 60);
    const retries = numberField("Retries", "How often a station tries again to fetch it.", 1000);
    const interval = numberField("Retry interval, seconds", "Between two tries.", 86400);
    return {element: el("section", {class: "card"}, el("h2", {}, "When"),
        el("div", {class: "fields"}, retrieve.element, install.element, spread.element, retries.element, interval.element)),
            order() {
                const minutes = spread.get();
                return {retrieve: retrieve.get(), install: install.get(), spread: minutes === undefined ? undefined : minutes * 60,
                    retries: retries.get(), retryInterval: interval.get()};
            }};
}

export async function showNew(main, query, signal) {
    const stations = new Map(), told = el("div", {}), summary = el("span", {role: "status"});
    const tell = () => {
        const n = choice.total;
        setText(summary, `${n === null ? "…" : number(n)} ${n === 1 ? "station" : "stations"} · ${what.text() || "no firmware chosen"}`);
    };
    const choice = makeChoice(stations, query, () => tell()), what = makeWhat(query, () => tell()), when = makeWhen();
    async function make() {
        replace(told);
        try {
            const order = {...choice.order(), ...what.order(), ...when.order()};
            if (choice.total === 0)
                throw new Error("No station is chosen, or none fits.");
            if (order.firmware === undefined && !order.location)
                throw new Error("Choose a firmware, or give a location.");
            const push = await post(at("pushes"), order);
            location.hash = `#/push/${push.id}`;
        } catch (error) {
            replace(told, trouble(error));
            told.scrollIntoView({block: "nearest"});
        }
    }
    replace(main, el("div", {class: "page"}, el("div", {class: "head"}, el("a", {href: "#/push"}, "Push"), el("h1", {}, "New push"),
            el("p", {class: "quiet"}, "Nothing goes out yet: first comes a draft, with the message of each station.")),
        choice.element, el("div", {class: "two"}, what.element, when.element), told,
        el("div", {class: "bar-below"}, summary, action("Make the draft", make, {operator: true, class: "main"}))));
    signal.addEventListener("abort", () => choice.close());
    const loadFirmware = async () => what.take(await all(at("firmware"), {limit: 1000}, signal));
    const arrived = gather(() => choice.arrived(), ARRIVE_EVERY), moved = gather(() => choice.moved(), COUNT_EVERY),
        reload = gather(() => loadFirmware().catch(() => {}), RELOAD_EVERY);
    await loadFirmware();
    const first = loadStations(stations, signal, arrived);
    listen({types: ["station", "station-deleted", "firmware"], signal,
            lost: () => first.then(() => loadStations(stations, signal, arrived)).catch(() => {}),
            event(type, data) {
                if (type === "firmware") {
                    reload();
                    return;
                }
                const known = stations.get(data.id);
                if (type === "station-deleted")
                    stations.delete(data.id);
                else
                    stations.set(data.id, Object.assign(known ?? {}, data));
                if (type === "station-deleted" || !known)
                    arrived();
                else
                    moved();
            }});
    await first;
}
