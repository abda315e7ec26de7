/* What an operator can do with a roll-out. Each command asks first and says, with the numbers of now, what it will do. */
import {all, at, get, post, remove} from "./api.js";
import {action, confirm, el, field, note, select} from "./dom.js";
import {number} from "./format.js";
import {orderOf} from "./rollout-plan.js";

const REASON_MOST = 64;

/* command: word of the button, question, what it is in general, tone, what was done */
const COMMANDS = {
    start: ["Start", "Start", "Groups begin one after the other. You can pause it at any time.", "main", "is started"],
    resume: ["Resume", "Resume", "", "main", "goes on"],
    pause: ["Pause", "Pause", "OCPP has no cancel: what stations have been told they do.", "main", "is paused"],
    supersede: ["Supersede …", "Supersede", "", "main", "has another firmware now"],
    abort: ["Abort", "Abort", "This is for good: it can't be resumed. To stop for a while, pause it.", "bad", "is aborted"],
    delete: [
        "Delete", "Delete", "Its plan, its history and what became of each station are gone then. Nothing changes at the stations.", "bad",
        "is deleted"
    ],
};
export const ORDER = Object.keys(COMMANDS);

function reasonField() {
    const input = el("input", {
        maxlength: REASON_MOST,
        autocomplete: "off",
        on: {keydown: (event) => event.key === "Enter" && event.preventDefault()}
    });  // Enter is no answer
    return {input, element: field("Reason (for those who look at it later)", input, `At most ${REASON_MOST} characters; may be left out.`)};
}

/* What is chosen as another firmware; read() gives the members for REST. */
function firmwareFields(files) {
    const url = el("input", {type: "url", maxlength: 512, placeholder: "https://…"});
    const version = el("input", {maxlength: 32, autocomplete: "off"});
    const box = select([...files.map((f) => [String(f.id), `${f.name}${f.version ? ` · ${f.version}` : ""}`]), ["", "another location …"]],
                       files.length > 0 ? String(files.at(-1).id) : "", {on: {change: () => show()}});
    const certificate = el("textarea", {rows: 3, spellcheck: "false"}), signature = el("textarea", {rows: 2, spellcheck: "false"});
    const elsewhere = el("div", {}, field("Location", url, "Stations are told this URL as it is."),
        el("details", {}, el("summary", {}, "Signed: its certificate and signature"), field("Signing certificate (PEM)", certificate),
           field("Signature (base64)", signature)));
    const show = () => {
        elsewhere.hidden = box.value !== "";
        url.required = box.value === "";
        version.placeholder = files.find((f) => String(f.id) === box.value)?.version ?? "";
    };
    show();
    return {
        elements: [
            field("Firmware instead", box), elsewhere,
            field("Version", version, "A station that boots with it has the firmware. Empty: what the firmware says.")
        ],
        read: () => ({
            ...box.value ? {firmware: Number(box.value)} : {order: orderOf({location: url.value, certificate: certificate.value, signature: signature.value})},
            ...version.value.trim() ? {version: version.value.trim()} : {}
        })
    };
}

/* Asks and does it. r: the roll-out as it is shown; done(): afterwards. */
async function run(command, id, done) {
    const [, word, general, tone, told] = COMMANDS[command];
    const r = await get(at("rollouts", String(id)));
    if (command !== "delete" && !r.can.includes(command)) {
        note(`“${r.name}” can't do that any more: it is ${r.state}.`, "bad");
        return done(r);
    }
    const reason = reasonField();
    const other = command === "supersede" ? firmwareFields(await all(at("firmware"))) : null;
    const later = command === "supersede" && r.state === "paused" ? "It stays paused until you resume it." : null;
    const effect = command === "delete" ? `${number(r.size)} stations are listed in it.` : r.effects[command];
    const yes = await confirm(`${word} “${r.name}”?`,
        [el("p", {class: "rollout-effect"}, effect), general || later ? el("p", {class: "quiet"}, general || later) : null,
         other?.elements, command === "delete" ? null : reason.element], word, tone);
    if (!yes)
        return null;
    if (command === "delete") {
        await remove(at("rollouts", String(id)));
        note(`“${r.name}” ${told}.`, "good");
        location.hash = "#/rollouts";
        return null;
    }
    const text = reason.input.value.trim();
    const now = await post(at("rollouts", String(id), command), {...other?.read(), ...text ? {reason: text} : {}});
    note(`“${r.name}” ${told}.`, "good");
    return done(now);
}

export function start(id, done) {
    return run("start", id, done);
}

/* The buttons; show(r) says which of them are there. */
export function makeButtons(id, done) {
    const buttons = Object.fromEntries(ORDER.map((command) => [command, action(COMMANDS[command][0], () => run(command, id, done), {
        operator: true,
        class: command === "start" || command === "resume" ? "main"
            : command === "abort" || command === "delete"  ? "quiet rollout-danger"
                                                           : ""
    })]));
    return {element: el("div", {class: "buttons", role: "group", "aria-label": "What to do with it"}, Object.values(buttons)), show(r) {
        for (const [command, button] of Object.entries(buttons))
            button.hidden = command === "delete" ? !["ready", "finished", "aborted"].includes(r.state) : !r.can.includes(command);
    }};
}
