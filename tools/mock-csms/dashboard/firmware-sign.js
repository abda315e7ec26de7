/* Signs a firmware for OCPP: with a key, which goes to mock-csms and is forgotten there, or with a signature that was made elsewhere. */
import {at, post} from "./api.js";
import {action, el, field, note, replace, select, setText, trouble} from "./dom.js";
import {bytes} from "./format.js";
import {SCHEMES} from "./firmware-parts.js";

/* Text as it is; bytes that are no text, which a signature may be, as base64. */
async function readFile(file) {
    const all = new Uint8Array(await file.arrayBuffer());
    return all.every((b) => b === 9 || b === 10 || b === 13 || (b >= 32 && b < 127)) ? new TextDecoder().decode(all)
        : btoa(String.fromCharCode(...all));
}

/* A text that is read from a file in the page, or pasted. hidden: what the file has is not shown. */
function textField(label, help, most, hidden) {
    const area = el("textarea", {rows: 4, spellcheck: "false", autocomplete: "off", "aria-label": `${label}, pasted`});
    const told = el("small", {class: "quiet", role: "status"});
    let text = null;
    const picker = el("input", {type: "file", on: {change: async () => {
        const file = picker.files[0];
        text = null;
        if (!file)
            return;
        if (file.size > most) {
            setText(told, `${file.name} is too large to be one: ${bytes(file.size)}.`);
            picker.value = "";
            return;
        }
        text = await readFile(file);
        if (!hidden)
            area.value = text;
        setText(told, `${file.name} was read, ${bytes(file.size)}.`);
    }}});
    return {element: el("div", {}, field(label, picker, help), told, el("details", {class: "inner"}, el("summary", {}, "Or paste it"), area)),
            get: () => area.value.trim() ? area.value : text ?? "",
            clear() {
                area.value = picker.value = "";
                text = null;
                setText(told, "");
            }};
}

/* Of a form, the part that this choice needs. */
function ways(parts) {
    const boxes = parts.map(([value, label], i) => el("input", {type: "radio", name: "way", value, checked: i === 0, on: {change: () => show()}}));
    const show = () => parts.forEach(([, , element], i) => { element.hidden = !boxes[i].checked; });
    const element = el("fieldset", {class: "ways"}, el("legend", {}, "How"), parts.map(([, label], i) => el("label", {}, boxes[i], " ", label)));
    show();
    return {element, chosen: () => boxes.find((box) => box.checked).value};
}

/* What goes to mock-csms, of what was given. */
function bodyOf(way, {certificate, key, passphrase, scheme, signature}) {
    const body = {certificate: certificate.get()};
    if (way === "signature")
        return {...body, signature: signature.get().replace(/\s+/g, "")};
    return {...body, key: key.get(), scheme: scheme.value, passphrase: passphrase.value || undefined};
}

function missing(body) {
    if (!body.certificate)
        return "The signing certificate is missing.";
    if (body.key === "")
        return "The private key is missing.";
    return body.signature === "" ? "The signature is missing." : null;
}

/* The card. firmware: as it is; done(firmware): as it is signed. */
export function makeSigning(firmware, done) {
    const given = {
        certificate: textField("Signing certificate (PEM)",
            "One certificate. Stations believe it if a manufacturer's root that they know has issued it.", 5500),
        key: textField("Private key (PEM)",
            "It goes to this mock-csms with the call, is used there and erased: never stored, never logged. " +
            "Where it must not leave its place, bring a signature along.",
                       16384, true),
        passphrase: el("input", {type: "password", autocomplete: "off", maxlength: 1024}),
        scheme: select([["pss", `${SCHEMES.pss} (RSA key)`], ["pkcs1", `${SCHEMES.pkcs1} (RSA key)`], ["ecdsa", `${SCHEMES.ecdsa} (EC key)`]],
            firmware.scheme ?? "pss"),
        signature: textField("Signature",
            "Over the SHA-256 of the whole file: base64, or a file with its bytes. It is taken only if it is the certificate's.", 800),
    };
    const withKey = el("div", {}, given.key.element, field("Passphrase of the key", given.passphrase, "If it has one."),
        field("Scheme", given.scheme));
    const way = ways([["key", "sign with a key", withKey], ["signature", "bring a signature along", given.signature.element]]);
    const told = el("div", {});
    async function sign() {
        const body = bodyOf(way.chosen(), given), lacks = missing(body);
        replace(told, lacks ? trouble(lacks) : null);
        if (lacks)
            return;
        try {
            const signed = await post(at("firmware", firmware.id, "sign"), body);
            note(`${signed.name} is signed.`, "good");
            given.key.clear();
            given.passphrase.value = "";
            done(signed);
        } catch (error) {
            replace(told, trouble(error));
        }
    }
    return el("details", {class: "card", open: !firmware.scheme}, el("summary", {}, firmware.scheme ? "Sign it anew" : "Sign it for OCPP"),
        el("form", {autocomplete: "off", on: {submit: (event) => event.preventDefault()}}, way.element, given.certificate.element, withKey,
            given.signature.element, told,
           el("div", {class: "buttons"}, action("Sign", sign, {operator: true, class: "main"}))));
}
