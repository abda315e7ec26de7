/* What both pages of firmware and those of pushes say of it: words, badges, who uses it, a text that can be copied. */
import {all, at} from "./api.js";
import {copyButton, el, replace, trouble} from "./dom.js";
import {badge} from "./update.js";

export const SCHEMES = {pss: "RSASSA-PSS", pkcs1: "RSASSA-PKCS1-v1_5", ecdsa: "ECDSA"};

/* How it is called where one has to choose. */
export function labelOf(f) {
    return [f.name, f.version, f.compatible && `for ${f.compatible}`].filter(Boolean).join(" · ");
}

export function statusBadge(f) {
    return {ready: () => badge("ready", "good"), elsewhere: () => badge("elsewhere", "run"), missing: () => badge("missing", "bad")}[f.status]();
}

export function signedBadge(f) {
    return f.scheme ? badge(`signed, ${SCHEMES[f.scheme]}`, "good") : badge("not signed");
}

/* The bundle's own signature, by the keyring. */
export function verifiedBadge(f) {
    return f.verified === null ? badge("not looked at") : f.verified ? badge("verified", "good") : badge("not verified", "bad");
}

/* Pushes and roll-outs that name a firmware, by its id: {pushes, rollouts} each. */
export async function loadUsers(signal) {
    const users = new Map();
    const of = (id) => {
        if (!users.has(id))
            users.set(id, {pushes: [], rollouts: []});
        return users.get(id);
    };
    const [pushes, rollouts] = await Promise.all([all(at("pushes"), {}, signal), all(at("rollouts"), {}, signal)]);
    for (const push of pushes)
        if (push.order.firmware !== undefined)
            of(push.order.firmware).pushes.push(push);
    for (const rollout of rollouts)
        if (rollout.firmware !== undefined)
            of(rollout.firmware).rollouts.push(rollout);
    return users;
}

export function usersText(users) {
    const say = (list, one, many) => list.length > 0 ? `${list.length} ${list.length === 1 ? one : many}` : null;
    return users ? [say(users.pushes, "push", "pushes"), say(users.rollouts, "roll-out", "roll-outs")].filter(Boolean).join(", ") : "–";
}

/* In the place of a page whose thing is not there (any more), the way to the others; other errors are the frame's. */
export function orGone(main, error, address, text) {
    if (error.status !== 404)
        throw error;
    replace(main, el("h1", {}, "Not here"), trouble(error, el("a", {href: address}, text)));
}

/* A text of one line to be copied. */
export function copyable(label, text) {
    const box = el("input", {readonly: true, value: text, "aria-label": label, class: "mono", on: {focus: () => box.select()}});
    return el("div", {class: "copyable"}, box, copyButton(text, () => box.focus(), label));
}
