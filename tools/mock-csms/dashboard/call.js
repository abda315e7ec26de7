/* Any CALL to a station: an action, its fields with what OCPP says of them, the JSON that goes out, and the answer. */
import {action, confirm, copyButton, el, field, replace, select, setText, trouble} from "./dom.js";
import {number} from "./format.js";
import {pretty} from "./frames.js";
import {actionsOf, call} from "./station-act.js";
import {took} from "./timeline.js";

/* What restarts, changes or takes away something: asked before. */
const ASKS = {
    Reset: "The station restarts.", UpdateFirmware: "The station fetches and installs another firmware; no push or roll-out knows of it.",
    SignedUpdateFirmware: "The station fetches and installs another firmware; no push or roll-out knows of it.", DeleteCertificate: "The station forgets this certificate, and may not find a way back without it.",
    ChangeConfiguration: "The station's configuration is changed.", SetVariables: "The station's configuration is changed.", SetNetworkProfile: "The station may connect elsewhere.",
    ClearCache: "The station forgets who may charge.", ChangeAvailability: "The station may not charge any more.", UnlockConnector: "A connector is unlocked.",
    SendLocalList: "The station's list of who may charge is changed.",
};

const HELP_WORDS = 12; // more words than these are only in the select

/* What the tables say of a field, in one line. */
function helpOf(f) {
    const limits = [f.type === "any" ? "any JSON" : f.format ?? f.type, f.maxLength !== undefined ? `at most ${number(f.maxLength)} characters` : null,
                    f.minimum !== undefined ? `from ${f.minimum}` : null, f.maximum !== undefined && f.maximum < 2147483647 ? `to ${f.maximum}` : null,
                    f.minItems ? `at least ${f.minItems}` : null, f.maxItems ? `at most ${f.maxItems}` : null,
                    f.otherWords ? "or any other word" : null].filter(Boolean);
    return `${limits.join(", ")}${f.required ? " · required" : ""}`;
}

/* What is inside an object or array, told as a shape. */
function shapeOf(f, depth = 0) {
    if (depth > 6)
        return "…";
    if (f.type === "array")
        return f.items ? [shapeOf(f.items, depth + 1)] : [];
    if (f.type === "object")
        return Object.fromEntries((f.fields ?? []).map((g) => [g.required ? g.name : `${g.name}?`, shapeOf(g, depth + 1)]));
    return f.words && f.words.length <= HELP_WORDS ? f.words.join("|") : f.format ?? f.type;
}

/* An example of what is required, to begin with. */
function exampleOf(f, depth = 0) {
    if (depth > 6)
        return null;
    const first = {string: f.words?.[0] ?? (f.format ? new Date().toISOString() : ""), integer: f.minimum ?? 1, number: 0, boolean: false, any: null}[f.type];
    if (f.type === "object")
        return Object.fromEntries((f.fields ?? []).filter((g) => g.required).map((g) => [g.name, exampleOf(g, depth + 1)]));
    if (f.type === "array")
        return f.items ? [exampleOf(f.items, depth + 1)] : [];
    return first;
}

/* An input for a field: {element, get(): value or undefined, set(value)}; what can't be read is an Error. */
function makeInput(f, changed) {
    const on = {on: {input: changed, change: changed}}, label = f.required ? `${f.name} *` : f.name;
    if (f.words && !f.otherWords || f.type === "boolean") {
        const words = f.words ?? ["true", "false"], box = select([["", "– left out –"], ...words.map((w) => [w, w])], "", on);
        return {element: field(label, box, helpOf(f)), get: () => box.value === "" ? undefined : f.type === "boolean" ? box.value === "true" : box.value,
                set: (value) => { box.value = value === undefined ? "" : String(value); }};
    }
    if (["object", "array", "any"].includes(f.type)) {
        const box = el("textarea", {spellcheck: "false", rows: 3, ...on}), shape = f.type === "any" ? null
            : el("details", {class: "help"}, el("summary", {}, `What is in ${f.name}`), el("pre", {}, pretty(shapeOf(f))));
        return {element: el("div", {}, field(label, box, `${helpOf(f)}, as JSON`), shape), get: () => box.value.trim() === "" ? undefined : JSON.parse(box.value),
                set: (value) => { box.value = value === undefined ? "" : pretty(value); }, box};
    }
    const numeric = f.type === "integer" || f.type === "number", list = f.words ? el("datalist", {id: `words-${f.name}`}, f.words.map((w) => el("option", {value: w}))) : null;
    const box = el("input", {type: "text", inputmode: numeric ? "decimal" : null, list: list?.id, autocomplete: "off", spellcheck: "false", ...on});
    return {element: el("div", {}, field(label, box, helpOf(f)), list), box, get() {
        if (box.value === "")
            return undefined;
        if (numeric && !Number.isFinite(Number(box.value)))
            throw new Error(`${f.name} is no number.`);
        return numeric ? Number(box.value) : box.value;
    }, set: (value) => { box.value = value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value); }};
}

/* The form: fields and JSON are the same thing, whichever one writes in. */
class Form {
    constructor(context) {
        this.context = context;
        this.inputs = [];
        this.fields = el("div", {class: "call-fields"});
        this.json = el("textarea", {spellcheck: "false", class: "call-json", value: "{}", on: {input: () => this.fromJson()}});
        this.wrong = el("p", {class: "call-wrong", role: "status"});
        this.answer = el("div", {"aria-live": "polite"});
        this.action = el("select", {on: {change: () => this.choose()}});
        this.send = action("Send", () => this.onSend(), {operator: true, class: "main"});
        this.free = !this.send.disabled;
        this.element = el("section", {class: "card", "aria-label": "Call"}, el("h2", {}, "Call"),
            el("p", {class: "quiet"}, "Any message to this station. The fields help; what is sent is the JSON, as it stands, and nothing checks it."),
            el("div", {class: "call"}, el("div", {}, field("Action", this.action), this.fields),
               el("div", {}, field("JSON that is sent", this.json), this.wrong, el("div", {class: "buttons"}, this.send), this.answer)));
    }

    async load() {
        if (this.loaded === this.context.station.protocol)
            return;
        this.loaded = this.context.station.protocol;
        try {
            this.actions = await actionsOf(this.context);
            replace(this.action, this.actions.map((a) => el("option", {value: a.action}, a.action)));
            this.action.value = this.actions.some((a) => a.action === "TriggerMessage") ? "TriggerMessage" : this.actions[0]?.action;
            this.choose();
        } catch (error) {
            this.loaded = null;
            if (!this.context.signal.aborted)
                replace(this.fields, trouble(error));
        }
    }

    choose() {
        const chosen = this.actions.find((a) => a.action === this.action.value), required = (chosen.fields ?? []).filter((f) => f.required);
        this.inputs = (chosen.fields ?? []).map((f) => ({f, input: makeInput(f, () => this.fromFields())}));
        const said = chosen.fields === null ? "The tables of mock-csms have no fields of this message: write its JSON by hand." : chosen.fields.length === 0 ? "This message has no fields." : null;
        replace(this.fields, said ? el("p", {class: "quiet"}, said) : el("p", {class: "quiet"}, "* required"), this.inputs.map(({input}) => input.element));
        this.json.value = pretty(Object.fromEntries(required.map((f) => [f.name, exampleOf(f)])));
        replace(this.answer);
        this.fromJson();
    }

    complain(text) {
        setText(this.wrong, text);
        this.wrongNow = text !== "";
        this.show();
    }

    /* Members that no field is for stay as they are. */
    fromFields() {
        try {
            const body = this.read() ?? {};
            for (const {f, input} of this.inputs) {
                const value = input.get();
                if (value === undefined)
                    delete body[f.name];
                else
                    body[f.name] = value;
            }
            this.json.value = pretty(body);
            this.complain("");
        } catch (error) {
            this.complain(`Not yet in the JSON: ${error.message}`);
        }
    }

    read() {
        const body = JSON.parse(this.json.value.trim() || "{}");
        if (body === null || typeof body !== "object" || Array.isArray(body))
            throw new Error("the payload must be an object, {…}.");
        return body;
    }

    fromJson() {
        try {
            const body = this.read();
            for (const {f, input} of this.inputs)
                input.set(body[f.name]);
            this.complain("");
        } catch (error) {
            this.complain(`This is not what can be sent: ${error.message}`);
        }
    }

    async onSend() {
        const name = this.action.value, payload = this.read();
        if (ASKS[name] && !await confirm(`Send ${name} to ${this.context.id}?`, el("p", {}, ASKS[name]), "Send it", "bad"))
            return;
        const begun = performance.now();
        this.sending = true;
        replace(this.answer, el("p", {class: "quiet"}, `${name} is sent; ${this.context.id} has not answered yet …`));
        try {
            const outcome = await call(this.context, name, payload), long = took(performance.now() - begun);
            const {result, error} = outcome, whole = pretty(result ?? error);
            const shown = el("pre", {class: "call-answer", "data-tone": error ? "bad" : null}, whole);
            replace(this.answer, el("h3", {}, error ? `${name}: CALLERROR ${error.code} after ${long}` : `${name}: answered after ${long}`), shown,
                    el("div", {class: "buttons"}, copyButton(whole, () => getSelection().selectAllChildren(shown))));
        } catch (error) {
            replace(this.answer, trouble(error, "The frames show what went out and what came."));
        } finally {
            this.sending = false;
        }
    }

    show() {
        const {online} = this.context.station;
        this.load();
        if (this.free && !this.sending)
            this.send.disabled = !online || this.wrongNow === true;
        this.send.title = !this.free ? this.send.title : online ? "" : "The station is not connected.";
    }
}

export function makeCall(context) {
    const form = new Form(context);
    return {element: form.element, show: () => form.show()};
}
