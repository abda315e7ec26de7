/* What a draft would tell: who can't be told and why, then the messages by version, each to be read as it goes out. */
import {el, replace, setText, trouble} from "./dom.js";
import {number} from "./format.js";
import {showFrame} from "./push-targets.js";

const NAMED = 30; // identities of a reason that are told

function gatherBy(rows, of) {
    const groups = new Map();
    for (const row of rows) {
        const key = of(row);
        if (!groups.has(key))
            groups.set(key, []);
        groups.get(key).push(row.station);
    }
    return groups;
}

function stationsText(n) {
    return `${number(n)} ${n === 1 ? "station" : "stations"}`;
}

/* Those that can't be told, by the reason. */
function showUntellable(rows) {
    const reasons = [...gatherBy(rows, (t) => t.detail ?? "")].sort((a, b) => b[1].length - a[1].length);
    return reasons.length === 0 ? null : el("section", {class: "card untellable"}, el("h2", {}, `Untellable: ${stationsText(rows.length)}`),
        el("p", {class: "quiet"}, "They are told nothing. Times and firmware are what can be changed: in another push."),
        el("ul", {class: "links"}, reasons.map(([reason, stations]) => el("li", {},
            el("strong", {}, `${stationsText(stations.length)}: ${reason}`), el("br"),
            el("span", {class: "quiet"}, stations.slice(0, NAMED).join(", "),
                stations.length > NAMED ? ` and ${number(stations.length - NAMED)} more` : "")))));
}

/* One kind of message: one station's at a time, and a way to the others. */
function makeGroup(title, stations, targets) {
    let place = 0;
    const where = el("span", {role: "status"}), frame = el("div", {});
    const choice = el("input", {type: "text", "aria-label": `Station of ${title}`, autocomplete: "off",
        on: {change: () => go(stations.indexOf(choice.value.trim()))}});
    const step = (by, text, label) => el("button",
        {type: "button", "aria-label": label, on: {click: () => go((place + by + stations.length) % stations.length)}}, text);
    async function go(next) {
        if (next < 0) {
            replace(frame, el("p", {class: "quiet"}, "No such station is among these."));
            return;
        }
        place = next;
        choice.value = stations[place];
        setText(where, `${number(place + 1)} of ${number(stations.length)}`);
        try {
            const target = await targets.whole(stations[place]);
            if (target.station === stations[place])
                replace(frame, showFrame(target));
        } catch (error) {
            if (error.name !== "AbortError")
                replace(frame, trouble(error));
        }
    }
    const element = el("details", {class: "card"}, el("summary", {}, el("strong", {}, `${title}: ${stationsText(stations.length)}`)),
        el("div", {class: "buttons"}, step(-1, "‹", "The station before"), choice, step(1, "›", "The next station"), where), frame);
    let seen = false; // the first one is asked for when somebody looks
    element.addEventListener("toggle", () => {
        if (element.open && !seen) {
            seen = true;
            go(0);
        }
    });
    return element;
}

/* All of it, once targets and stations are there. */
export function showPreview(targets, stations) {
    const tellable = targets.rows.filter((t) => t.state === "ready");
    const groups = [...gatherBy(tellable, (t) => `${stations.get(t.station)?.protocol?.replace("ocpp", "") ?? "?"} · ${t.action}`)].sort(([a],
        [b]) => a < b ? -1 : 1);
    const cards = groups.map(([title, names]) => makeGroup(title, names, targets));
    if (cards.length > 0)
        cards[0].open = true;
    return [showUntellable(targets.rows.filter((t) => t.state === "untellable")),
            el("section", {class: "column"}, el("h2", {}, "The messages"),
               cards.length > 0 ? cards : el("p", {class: "quiet"}, "There is none: nobody can be told this."))];
}
