/* Asks stations for their logs: who, which log, of which time. The answer names who was skipped and why. */
import {at, post} from "./api.js";
import {choose} from "./choose.js";
import {action, confirm, el, field, note, replace, select, setText} from "./dom.js";
import {number} from "./format.js";

const KINDS = [
    ["", "Default: diagnostics"],
    ["DiagnosticsLog", "DiagnosticsLog"],
    ["SecurityLog", "SecurityLog"],
];
const REASONS = {offline: "not connected", unknown: "not known here"};
const AT_MOST = 20000; // identities that one call takes

/* "2026-11-27T10:00" of this browser's clock as RFC 3339; absent where it is empty. */
function moment(input) {
    return input.value ? new Date(input.value).toISOString() : undefined;
}

function count(input) {
    return input.value === "" ? undefined : Number(input.value);
}

function stations(n) {
    return `${number(n)} station${n === 1 ? "" : "s"}`;
}

function makeWishes() {
    const kind = select(KINDS, "", {});
    const oldest = el("input", {type: "datetime-local"}), latest = el("input", {type: "datetime-local"});
    const retries = el("input", {type: "number", min: 0, max: 1000, inputmode: "numeric"});
    const interval = el("input", {type: "number", min: 0, max: 86400, inputmode: "numeric"});
    return {
        element: el("fieldset", {class: "card wishes"}, el("legend", {}, "Which log"),
            field("Log", kind, "1.6: by GetDiagnostics where it is the default, else by GetLog."),
            field("Nothing older than", oldest, "By this browser's clock; empty: as the station likes."), field("Nothing newer than", latest),
            field("Retries", retries, "How often it tries again to upload."), field("Seconds between tries", interval)),
        body: () => ({logType: kind.value || undefined, oldestTimestamp: moment(oldest), latestTimestamp: moment(latest),
                      retries: count(retries), retryInterval: count(interval)}),
        trouble() {
            if (oldest.value && latest.value && oldest.value > latest.value)
                return "The oldest time lies after the newest: there can't be anything in between.";
            return [retries, interval].every((input) => input.checkValidity()) ? null : "Retries and seconds are whole numbers from 0 on.";
        },
    };
}

/* Who was skipped, and where to see the others. */
function showAnswer(main, answer) {
    const heading = el("h1", {tabindex: -1},
                       answer.logs.length ? `${stations(answer.logs.length)} asked, ${number(answer.skipped.length)} skipped` : "Nobody was asked");
    replace(main, el("div", {class: "head"}, heading),
        el("p", {}, "Those that were skipped are not asked later: ask again when they are there."),
        el("div", {class: "buttons"},
           answer.logs.length ? el("a", {class: "button main", href: `#/logs?request=${answer.logs[0].id}`}, "See them arrive") : null,
           el("a", {class: "button", href: "#/logs"}, "To all logs")),
        el("div", {class: "table log-skipped"}, el("table", {}, el("caption", {}, "Skipped"),
            el("thead", {}, el("tr", {}, el("th", {scope: "col"}, "Station"), el("th", {scope: "col"}, "Why"))),
            el("tbody", {}, answer.skipped.slice(0, 1000).map((s) =>
                el("tr", {}, el("td", {}, s.station), el("td", {}, REASONS[s.reason] ?? s.reason)))))),
        answer.skipped.length > 1000 ? el("p", {class: "quiet"}, `and ${number(answer.skipped.length - 1000)} more`) : null);
    heading.focus();
}

export async function showAsk(main, {query, signal}) {
    const selected = new Set(query.station ? [query.station] : []);
    const wishes = makeWishes();
    const send = action("", async () => {
        const body = wishes.body(), wrong = wishes.trouble();
        if (wrong)
            throw new Error(wrong);
        if (selected.size > AT_MOST)
            throw new Error(`One call asks ${number(AT_MOST)} stations at most: choose fewer.`);
        const offline = [...selected].filter((id) => chooser.stations.get(id)?.online === false).length;
        const sure = await confirm(`Ask ${stations(selected.size)} for ${selected.size === 1 ? "its log" : "their logs"}?`,
            [el("p", {}, `Each is asked now, 200 at a time, and uploads ${body.logType ?? "its diagnostics"} to this server.`),
             offline ? el("p", {},
                       `${stations(offline)} of these ${offline === 1 ? "is" : "are"} not connected and will be skipped.`) : null], "Ask");
        if (!sure)
            return;
        const answer = await post(at("logs"), {stations: [...selected], ...body});
        if (answer.skipped.length) {
            showAnswer(main, answer);
        } else {
            note(`${stations(answer.logs.length)} asked.`, "good");
            location.hash = `#/logs?request=${answer.logs[0].id}`;
        }
    }, {class: "main", operator: true});
    const mayAsk = !send.disabled;
    const told = () => {
        setText(send, selected.size ? `Ask ${stations(selected.size)} …` : "Ask …");
        send.disabled = !mayAsk || selected.size === 0;
    };
    const chooser = choose({signal, selected, onChange: told, wanted: query.station ? {search: query.station, online: ""} : undefined});
    told();
    replace(main, el("div", {class: "head"}, el("h1", {}, "Ask for logs"), el("a", {href: "#/logs"}, "All logs"),
                 el("div", {class: "buttons"}, send)),
        wishes.element, el("h2", {}, "Which stations"), chooser.element);
    await chooser.ready;
    told();
}
