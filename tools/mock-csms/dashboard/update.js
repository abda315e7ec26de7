/* What firmware statuses mean: how far an update is, and in which tone it is told. Order and words as OCPP's FirmwareStatusEnumType
 * (2.1, 3.45) and FirmwareStatus (1.6, 7.25). */
import {el, setAttribute, setText} from "./dom.js";

/* status: [how far in percent, tone, word for people] */
export const STATUSES = {
    __proto__: null, // a station may say "constructor"
    Idle:                      [0,   "",     "Idle"],
    DownloadScheduled:         [5,   "run",  "Download scheduled"],
    Downloading:               [20,  "run",  "Downloading"],
    DownloadPaused:            [20,  "warn", "Download paused"],
    DownloadFailed:            [20,  "bad",  "Download failed"],
    Downloaded:                [45,  "run",  "Downloaded"],
    SignatureVerified:         [50,  "run",  "Signature verified"],
    InvalidSignature:          [50,  "bad",  "Invalid signature"],
    InstallScheduled:          [55,  "run",  "Install scheduled"],
    Installing:                [70,  "run",  "Installing"],
    InstallationFailed:        [70,  "bad",  "Installation failed"],
    InstallRebooting:          [85,  "run",  "Rebooting"],
    InstallVerificationFailed: [90,  "bad",  "Verification failed"],
    Installed:                 [100, "good", "Installed"],
};

export function statusOf(update) {
    const [far, tone, text] = STATUSES[update?.status] ?? [0, "", update?.status ?? "–"];
    return {far, tone, text};
}

/* Fills a cell with the word and a line that shows how far it is. */
export function showUpdate(cell, update) {
    let [word, track] = cell.children;
    if (!track) {
        word = el("span", {class: "word"});
        track = el("span", {class: "track", "aria-hidden": "true"}, el("span", {class: "bar"}));
        cell.replaceChildren(word, track);
        cell.classList.add("update");
    }
    const {far, tone, text} = statusOf(update);
    setText(word, text);
    setAttribute(cell, "data-tone", tone || null);
    track.hidden = far === 0;
    track.firstChild.style.width = `${far}%`;
}

/* A short word in a tone: "good", "bad", "warn", "run". */
export function badge(text, tone) {
    return el("span", {class: "badge", "data-tone": tone}, text);
}
