/* Adds firmware: a file that is uploaded, or one that lies elsewhere. */
import {at, post, upload} from "./api.js";
import {action, el, field, note, replace, setText, trouble} from "./dom.js";
import {bytes, percent} from "./format.js";

const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/;
const NAME_RULE = "1 to 128 letters, digits, dots, hyphens and underscores, no dot first";

/* member: label, most characters */
const KNOWN = {version: ["Version", 128], compatible: ["Compatible", 128], description: ["Description", 1024], build: ["Build", 128]};

function knownFields() {
    const inputs = Object.entries(KNOWN).map(([name, [label, most]]) =>
        ({name, label, input: el("input", {type: "text", maxlength: most, autocomplete: "off"})}));
    return {elements: inputs.map(({label, input}) => field(label, input)),
            values: () => Object.fromEntries(inputs.map(({name, input}) => [name, input.value.trim() || undefined]))};
}

function openFirmware(firmware) {
    location.hash = `#/firmware/${firmware.id}`;
}

/* The nearest name that REST takes. */
export function cleanName(name) {
    return name.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^\.+/, "").slice(0, 128);
}

/* Shows how far an upload is; a way to stop it. */
function showProgress(place, file, stop) {
    const bar = el("progress", {max: 1, value: 0, "aria-label": "Upload"}), word = el("span", {role: "status"}, "0 %");
    replace(place, el("div", {class: "uploading"}, bar, word, el("button", {type: "button", on: {click: stop}}, "Stop")));
    return (fraction) => {
        bar.value = fraction;
        setText(word, fraction < 1 ? `${percent(fraction, 1)} of ${bytes(file.size)}` : "All of it is sent. It is being looked at …");
    };
}

/* {element, take(file)}: the part of the page that uploads. limit(): bytes that a file may have, or null. */
export function makeUpload(limit) {
    const known = knownFields(), told = el("div", {});
    const picker = el("input", {type: "file", class: "hidden-file", tabindex: -1, "aria-hidden": "true",
        on: {change: () => picker.files[0] && take(picker.files[0])}});
    const name = el("input", {type: "text", autocomplete: "off", required: true, maxlength: 128, on: {input: () => check()}});
    const chosen = el("p", {class: "quiet"}, "No file is chosen.");
    let file = null, going = null;
    const check = () => {
        name.setCustomValidity(NAME.test(name.value) ? "" : `A name has ${NAME_RULE}.`);
        return name.checkValidity();
    };
    function take(next) {
        file = next;
        name.value = cleanName(file.name);
        check();
        const most = limit();
        setText(chosen, `${file.name}, ${bytes(file.size)}`);
        replace(told, most !== null && file.size > most
            ? trouble(`This server takes files of at most ${bytes(most)}.`, "It can lie elsewhere: then stations fetch it from there.") :
            name.value !== file.name ? el("p", {class: "quiet"}, `A name has ${NAME_RULE}: this one was changed.`) : null);
        details.open = true;
        name.focus();
    }
    async function send() {
        if (!file) {
            picker.click();
            return;
        }
        if (!check()) {
            name.reportValidity();
            return;
        }
        going = new AbortController();
        const progress = showProgress(told, file, () => going.abort());
        try {
            const firmware = await upload(at("firmware"), {name: name.value, ...known.values()}, file, progress, going.signal);
            replace(told);
            note(`${firmware.name} is here.`, "good");
            openFirmware(firmware);
        } catch (error) {
            replace(told, trouble(error.name === "AbortError" ? "The upload was stopped; nothing of it is kept." : error));
        }
    }
    const zone = el("div", {class: "drop"},
        el("p", {}, "Drop a file here, or ", el("button", {type: "button", on: {click: () => picker.click()}}, "choose a file"), picker), chosen);
    const details = el("details", {class: "card"}, el("summary", {}, "Upload a file"), zone,
        field("Name", name, `As stations see it in its address: ${NAME_RULE}.`),
        el("details", {class: "inner"}, el("summary", {}, "Of a file that is no RAUC bundle: what it is"),
            el("div", {class: "fields"}, known.elements)),
        told, el("div", {class: "buttons"}, action("Upload", send, {operator: true, class: "main"})));
    return {element: details, take};
}

/* A page on which files can be dropped anywhere. */
export function catchDrops(place, take) {
    place.addEventListener("dragover", (event) => {
        event.preventDefault();
        place.classList.add("dropping");
    });
    place.addEventListener("dragleave", () => place.classList.remove("dropping"));
    place.addEventListener("drop", (event) => {
        event.preventDefault();
        place.classList.remove("dropping");
        if (event.dataTransfer.files[0])
            take(event.dataTransfer.files[0]);
    });
}

/* The part of the page that tells of a file elsewhere. */
export function makeElsewhere() {
    const known = knownFields(), told = el("div", {});
    const address = el("input", {type: "url", required: true, maxlength: 512, placeholder: "https://…"});
    const name = el("input", {type: "text", maxlength: 128, autocomplete: "off"}),
        format = el("input", {type: "text", maxlength: 128, placeholder: "plain, verity or crypt"});
    const sha256 = el("input", {type: "text", maxlength: 64, class: "mono", autocomplete: "off"});
    async function add() {
        replace(told);
        const text = (input) => input.value.trim() || undefined;
        try {
            openFirmware(await post(at("firmware", "elsewhere"),
                {url: address.value.trim(), name: text(name), sha256: text(sha256), format: text(format), ...known.values()}));
        } catch (error) {
            replace(told, trouble(error));
        }
    }
    return el("details", {class: "card"}, el("summary", {}, "A file that lies elsewhere"),
        el("p", {class: "quiet"}, "Stations are told its address. Nothing is fetched: what is known of it is what you say here."),
        field("URL", address, "http, https, ftp, ftps or sftp; at most 512 characters."),
        el("div", {class: "fields"}, field("Name", name, "Else the end of the URL."), known.elements, field("Format", format)),
        field("SHA-256", sha256, "64 hexadecimal digits; needed to sign it for OCPP."), told,
        el("div", {class: "buttons"}, action("Add", add, {operator: true, class: "main"})));
}
