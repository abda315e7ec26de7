/* One firmware: what is known of it, its signature for OCPP, where stations find it, who uses it. */
import {at, get, remove} from "./api.js";
import {action, confirm, el, facts, note, replace, trouble} from "./dom.js";
import {makeSigning} from "./firmware-sign.js";
import {SCHEMES, copyable, loadUsers, signedBadge, statusBadge, verifiedBadge} from "./firmware-parts.js";
import {bytes, number, time} from "./format.js";
import {gather, listen} from "./live.js";

const RELOAD_EVERY = 400, USERS_EVERY = 2000; // milliseconds
const USERS_SHOWN = 20;

function showFacts(f) {
    return el("section", {class: "card"}, el("h2", {}, "What it is"), facts([
        ["Version", f.version], ["Compatible", f.compatible], ["Description", f.description], ["Build", f.build],
        ["Kind", f.kind === "rauc" ? "RAUC bundle" : "unknown: no RAUC bundle, or nobody could look"], ["Format", f.format],
            ["Bundle's signature", verifiedBadge(f)],
        ["Size", f.size === null ? null : `${bytes(f.size)} (${number(f.size)} bytes)`],
        ["SHA-256", f.sha256 && el("span", {class: "mono"}, f.sha256)],
            ["Manifest hash", f.manifestHash && el("span", {class: "mono"}, f.manifestHash)],
        ["Added", time(f.added)], ["Note", f.note],
    ]));
}

function showAddress(f) {
    const address = f.url ?? `${location.origin}${f.path}`;
    return el("section", {class: "card"}, el("h2", {}, "Where stations find it"),
        f.status === "missing" ? trouble("The file has gone from the disk, or is not whole any more: it is not served.",
            "Upload it again, and delete this one.") : null,
        copyable("Address of the file", address),
        el("p", {class: "quiet"}, f.url ? "It lies elsewhere; mock-csms has not fetched it." :
            "Each station is told the address by which it has reached mock-csms itself; the path is the same. ",
            "Downloads need no token and can go on where they broke."));
}

function showSignature(f) {
    return el("section", {class: "card"}, el("h2", {}, "Signed for OCPP"), el("p", {}, signedBadge(f)), f.scheme
        ? [facts([["Scheme", `${SCHEMES[f.scheme]} with SHA-256`], ["Signature", el("span", {class: "mono"}, f.signature)]]),
           el("details", {class: "inner"}, el("summary", {}, "Signing certificate"), el("pre", {}, f.signingCertificate))]
        : el("p", {class: "quiet"}, "2.x stations that want signed firmware refuse it as it is, ",
             "and 1.6 stations are told UpdateFirmware instead of SignedUpdateFirmware."));
}

function links(title, list, show) {
    return list.length === 0 ? null : [el("h3", {}, `${title} (${number(list.length)})`),
        el("ul", {class: "links"}, list.slice(-USERS_SHOWN).reverse().map((one) => el("li", {}, show(one)))),
        list.length > USERS_SHOWN ? el("p", {class: "quiet"}, `… and ${number(list.length - USERS_SHOWN)} older ones.`) : null];
}

function showUsers(users, id) {
    const pushes = users?.pushes ?? [], rollouts = users?.rollouts ?? [];
    return [el("h2", {}, "Who uses it"),
        links("Pushes", pushes, (p) => [el("a", {href: `#/push/${p.id}`}, `Push ${p.id}`),
            ` · ${number(Object.values(p.counts).reduce((a, b) => a + b, 0))} stations · `, p.sent ? ["sent ", time(p.sent, true)] : "a draft"]),
        links("Roll-outs", rollouts, (r) => [el("a", {href: `#/rollouts/${r.id}`}, r.name), ` · ${number(r.size)} stations · ${r.state}`]),
        pushes.length + rollouts.length === 0
            ? el("p", {class: "quiet"}, "Nobody yet. ", el("a", {href: `#/push/new?firmware=${id}`}, "Push it"), " to stations, or plan a ",
                                                     el("a", {href: `#/rollouts/new?firmware=${id}`}, "roll-out"), ".") : null];
}

async function deleteIt(f) {
    if (!await confirm(`Delete ${f.name}?`,
        el("p", {}, f.url ? "mock-csms forgets it; the file elsewhere stays."
        : `The file of ${bytes(f.size)} goes from the disk, and stations that are fetching it fail.`), "Delete", "bad"))
        return;
    await remove(at("firmware", f.id));
    note(`${f.name} is deleted.`, "good");
    location.hash = "#/firmware";
}

export async function showFirmware(main, id, signal) {
    let f = await get(at("firmware", id), {}, signal);
    const h1 = el("h1", {}), badges = el("span", {}), known = el("div", {class: "column"}), signing = el("div", {}),
        who = el("section", {class: "card"});
    const paint = () => {
        replace(h1, f.name);
        replace(badges, statusBadge(f), " ", signedBadge(f));
        replace(known, showFacts(f), showAddress(f), showSignature(f));
    };
    const taken = (next) => { // also where another operator has signed it meanwhile
        const anew = next.scheme !== f.scheme || next.signature !== f.signature;
        f = next;
        paint();
        if (anew)
            replace(signing, makeSigning(f, taken));
    };
    replace(main, el("div", {class: "page"},
        el("div", {class: "head"}, el("a", {href: "#/firmware"}, "Firmware"), h1, badges,
            el("div", {class: "buttons"}, el("a", {class: "button main", href: `#/push/new?firmware=${f.id}`}, "Push it"),
            action("Delete", () => deleteIt(f), {operator: true}))),
        el("div", {class: "two"}, known, el("div", {class: "column"}, who, signing))));
    paint();
    replace(who, el("h2", {}, "Who uses it"), el("p", {class: "quiet"}, "Looking …"));
    replace(signing, makeSigning(f, taken));
    const missed = (error) => { if (!signal.aborted) replace(known, trouble(error, el("a", {href: "#/firmware"}, "To all firmware"))); };
    const reload = gather(() => get(at("firmware", id), {}, signal).then(taken).catch(missed), RELOAD_EVERY);
    const loadWho = () => loadUsers(signal).then((users) => replace(who, showUsers(users.get(f.id), f.id))).catch(() => {});
    const reloadWho = gather(loadWho, USERS_EVERY);
    loadWho();
    listen({types: ["firmware", "push", "push-deleted", "rollout", "rollout-deleted"], signal, lost: () => { reload(); reloadWho(); },
            event(type, data) {
                if (type !== "firmware")
                    reloadWho();
                else if (data.id === f.id && data.what === "deleted")
                    missed(new Error("It has been deleted."));
                else if (data.id === f.id)
                    reload();
            }});
}
