/* What lists of stations have in common: their columns, and what there is to filter by. */
import {select, setAttribute, setText, showLink} from "./dom.js";
import {orDash} from "./format.js";

/* Where a station's page is. */
export function stationAddress(id) {
    return `#/station/${encodeURIComponent(id)}`;
}

/* Fills a cell with the identity, as a way to its page. online, where it is given: whether it is connected, which is to be read there
 * where a narrow screen has no column for it (style.css). */
export function showIdentity(cell, id, online) {
    showLink(cell, id, stationAddress(id));
    if (online !== undefined)
        setAttribute(cell, "data-online", online ? "connected" : "offline");
}

/* online: true, false, or undefined where it is not known. */
export function showOnline(cell, online) {
    setText(cell, online === undefined ? "–" : online ? "connected" : "offline");
    setAttribute(cell, "data-tone", online ? "good" : "off");
}

/* "2.0.1" of "ocpp2.0.1". */
export function versionText(protocol) {
    return orDash(protocol?.replace("ocpp", ""));
}

/* Columns for a Grid of stations; a list adds its own widths and what it sorts by. */
export const CELLS = {
    online: {name: "online", label: "Connection", show: (cell, s) => showOnline(cell, s.online)},
    protocol: {name: "protocol", label: "OCPP", text: (s) => versionText(s.protocol)},
    model: {name: "model", label: "Model", text: (s) => orDash(s.model)},
    firmwareVersion: {name: "firmwareVersion", label: "Firmware", text: (s) => orDash(s.firmwareVersion)},
    bootedSlot: {name: "bootedSlot", label: "Slot", text: (s) => orDash(s.bootedSlot)},
    tags: {name: "tags", label: "Tags", text: (s) => s.tags.join(" ")},
};

/* The values that there are of a member, most frequent first; of(station) may give several. */
export function valuesOf(stations, of) {
    const counts = new Map();
    for (const s of stations)
        for (const value of [of(s)].flat())
            if (value)
                counts.set(value, (counts.get(value) ?? 0) + 1);
    return [...counts].sort((a, b) => b[1] - a[1]).slice(0, 200).map(([value]) => value);
}

/* Offers these values in a select behind "all", where they differ from those that it has; what was chosen stays, if it is there. */
export function offerValues(box, label, values) {
    const known = values.join("\n"), chosen = box.value;
    if (box.dataset.values === known)
        return;
    box.dataset.values = known;
    box.replaceChildren(...select([["", `${label}: all`], ...values.map((v) => [v, v])]).children);
    box.value = values.includes(chosen) ? chosen : "";
}
