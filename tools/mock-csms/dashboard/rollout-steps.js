/* The steps of a new roll-out in which something is entered. A field writes into the draft as one types, and is known by its key, so that what
 * is wrong can be shown at it. */
import {at, get} from "./api.js";
import {el, field, replace, select, setText} from "./dom.js";
import {number} from "./format.js";
import {gather} from "./live.js";
import {CONDITIONS, countOf, FAILURES, filterOf, newGroup} from "./rollout-plan.js";

const UNITS = [["1", "seconds"], ["60", "minutes"], ["3600", "hours"], ["86400", "days"]];
const GROUPS_MOST = 32, COUNT_EVERY = 400; // milliseconds

/* What the fields of a step have in common: form = {draft, inputs (a Map by key), changed(), again(key)}. */
function bind(form, object, name, key, input) {
    input.value = object[name];
    input.addEventListener("input", () => {
        object[name] = input.value;
        form.changed();
    });
    form.inputs.set(key, input);
    return input;
}

function text(form, object, name, key, label, help, props = {}) {
    return field(label, bind(form, object, name, key, el("input", {autocomplete: "off", ...props})), help);
}

function spanField(form, object, name, key, label, help) {
    const n = bind(form, object[name], "n", key, el("input", {inputmode: "decimal", class: "short", autocomplete: "off"}));
    const unit = select(UNITS, object[name].unit, {
        "aria-label": `${label}: unit`,
        on: {
            change: () => {
                object[name].unit = unit.value;
                form.changed();
            }
        }
    });
    const whole = field(label, n, help), both = el("div", {class: "rollout-span"});
    n.before(both);
    both.append(n, unit);
    return whole;
}

function checkbox(form, object, name, label) {
    const box = el("input", {type: "checkbox", checked: object[name], on: {change: () => { object[name] = box.checked; form.changed(); }}});
    return el("label", {class: "rollout-check"}, box, " ", label);
}

/* Conditions that stations must meet: pairs of member and value, with how many fit. */
function conditions(form, pairs, key, label) {
    const box = el("fieldset", {class: "rollout-conditions"}), fits = el("span", {role: "status", class: "quiet"});
    const count = gather(async () => {
        const filter = filterOf(pairs);
        const none = Object.keys(filter).length === 0;
        setText(fits, none ? "" : "…");
        try {
            if (!none) {
                const n = await countOf(filter, form.signal);
                setText(fits, n === 0 ? "No station fits." : n === 1 ? "1 station fits." : `${number(n)} stations fit.`);
                fits.classList.toggle("rollout-failed", n === 0);
            }
        } catch (error) {
            if (error.name !== "AbortError")
                setText(fits, error.message);
        }
    }, COUNT_EVERY);
    const show = () => {
        replace(box, el("legend", {}, label), pairs.map((pair, i) => {
            const name = select(CONDITIONS, pair[0], {
                "aria-label": "Condition",
                on: {
                    change: () => {
                        pair[0] = name.value;
                        suggest();
                        form.changed();
                        count();
                    }
                }
            });
            const value = bind(form, pair, 1, i === 0 ? key : `${key}.${i}`, el("input", {"aria-label": "Value", autocomplete: "off"}));
            const suggest = () => value.setAttribute("list", `values-${name.value.replace(/^(not|below)/, "").toLowerCase()}`);
            suggest();
            value.addEventListener("input", count);
            return el("div", {class: "rollout-condition"}, name, value,
                el("button", {
                    type: "button",
                    class: "quiet",
                    "aria-label": "Remove this condition",
                    on: {
                        click: () => {
                            pairs.splice(i, 1);
                            form.changed();
                            show();
                        }
                    }
                },
                    "×"));
        }),
            el("div", {class: "buttons"},
                el("button", {
                    type: "button",
                    on: {
                        click: () => {
                            pairs.push(["tag", ""]);
                            show();
                        }
                    }
                },
                    "Add a condition"),
                fits));
        count();
    };
    show();
    return box;
}

/* What stations have told, to be suggested where one types. */
export async function suggestions(signal) {
    const stations = await get(at("stations"), {limit: 1000}, signal);
    const lists =
        {tag: (s) => s.tags, model: (s) => s.model, vendor: (s) => s.vendor, firmwareversion: (s) => s.firmwareVersion, protocol: (s) => s.protocol};
    return Object.entries(lists).map(([name, of]) => el("datalist", {id: `values-${name}`},
        [...new Set(stations.flatMap(of).filter(Boolean))].slice(0, 100).map((value) => el("option", {value}))));
}

export function stepWhat(form, files) {
    const d = form.draft;
    if (!files.some((f) => String(f.id) === d.firmware))
        d.firmware = files.length > 0 ? String(files.at(-1).id) : "";
    const source = select([["firmware", "A firmware that is kept here"], ["location", "A location elsewhere"]], d.source, {
        on: {
            change: () => {
                d.source = source.value;
                form.changed();
                form.again();
            }
        }
    });
    const of = files.find((f) => String(f.id) === d.firmware);
    const firmware = el("select", {on: {change: () => form.again()}},
        files.map(
            (f) => el("option", {value: String(f.id)}, `${f.name}${f.version ? ` · ${f.version}` : ""}${f.scheme ? " · signed for OCPP" : ""}`)));
    const what = d.source === "location"
        ? [text(form, d, "location", "location", "Location", "Stations are told this URL as it is.", {type: "url", maxlength: 512, placeholder: "https://…"}),
           el("details", {open: d.certificate !== "" || d.signature !== ""}, el("summary", {}, "Signed: its certificate and signature"),
              field("Signing certificate (PEM)", bind(form, d, "certificate", "certificate", el("textarea", {rows: 3, spellcheck: "false"})),
                    "With both, 1.6 stations get SignedUpdateFirmware; without, all are told of an unsigned file."),
              field("Signature (base64)", bind(form, d, "signature", "signature", el("textarea", {rows: 2, spellcheck: "false"}))))]
        : files.length > 0 ? field("Firmware", bind(form, d, "firmware", "firmware", firmware))
                           : el("p", {class: "quiet"}, "No firmware is kept here yet: ", el("a", {href: "#/firmware"}, "add one"),
                                 ", or tell a location elsewhere. What you have entered here is kept.");
    const when =
        "Empty: at once. 02:00 is the next time that it is so late where the station is; " +
        "2026-11-27T02:00 is a time there, with a Z behind it one of UTC.";
    return [
        text(form, d, "name", "name", "Name", "What shares are drawn by, too: the same name draws the same stations.", {maxlength: 32}),
        field("What stations are told", source),
        what,
        text(form, d, "version", "version", "Version", "A station that boots with it has the firmware, also if it never says Installed.",
            {maxlength: 32, placeholder: d.source === "firmware" ? of?.version ?? "" : ""}),
        el("div", {class: "rollout-pair"}, text(form, d, "retrieve", "retrieve", "Fetch it", when),
            text(form, d, "install", "install", "Install it", "The same.")),
        spanField(form, d, "spread", "spread", "Spread over", "Both times come later by a part of this, another one for each station."),
        el("details", {open: d.retries !== "" || d.retryInterval.n !== "" || d.plain}, el("summary", {}, "What else the message says"),
            text(form, d, "retries", "retries", "Retries", "How often a station tries to fetch it again, by itself.",
                {inputmode: "numeric", class: "short"}),
            spanField(form, d, "retryInterval", "retryInterval", "Retry interval"),
            checkbox(form, d, "plain", "Leave out certificate and signature; 1.6 then gets UpdateFirmware")),
    ];
}

function groupCard(form, g, i) {
    const groups = form.draft.groups, key = (name) => `groups.${i}.${name}`;
    const move = (by) => {
        groups.splice(i + by, 0, ...groups.splice(i, 1));
        form.changed();
        form.again(`groups.${i + by}.name`);
    };
    const kind =
        select([["share", "A share of those that are left"], ["filter", "Those that meet conditions"], ["stations", "A list of stations"]], g.kind, {
            on: {
                change: () => {
                    g.kind = kind.value;
                    form.changed();
                    form.again();
                }
            }
        });
    const who = g.kind === "share" ? text(form, g, "share", key("share"), "Share",
                                         "5% (rounded up), or a number such as 25. 100% is all that are left.", {class: "short", maxlength: 16})
        : g.kind === "filter"      ? conditions(form, g.filter, key("filter"), "Conditions, all of which it meets")
                                   : field("Identities", bind(form, g, "stations", key("stations"), el("textarea", {rows: 4, spellcheck: "false"})),
                                         "One a line, or with commas between them.");
    const called = g.name.trim() || `group ${i + 1}`;
    return el("section", {class: "card rollout-group", "aria-label": called},
        el("div", {class: "head"}, el("h3", {}, `${i + 1}. ${called}`),
            el("div", {class: "buttons"},
                el("button", {type: "button", disabled: i === 0, "aria-label": `Move ${called} up`, on: {click: () => move(-1)}}, "↑"),
                el("button", {type: "button", disabled: i === groups.length - 1, "aria-label": `Move ${called} down`, on: {click: () => move(1)}},
                    "↓"),
                el("button", {
                    type: "button",
                    class: "quiet rollout-danger",
                    disabled: groups.length === 1,
                    "aria-label": `Remove ${called}`,
                    on: {
                        click: () => {
                            groups.splice(i, 1);
                            form.changed();
                            form.again("groups");
                        }
                    }
                },
                    "Remove"))),
        el("div", {class: "rollout-fields"}, text(form, g, "name", key("name"), "Name", null, {maxlength: 32}), field("Who", kind),
            g.kind === "share" ? who : null),
        g.kind === "share" ? null : who,
        el("div", {class: "rollout-fields"},
            text(form, g, "success", key("success"), "So many must have it", "Before the next group begins: a share or a number.",
                {class: "short", maxlength: 16}),
            spanField(form, g, "wait", key("wait"), "… for", "How long, before the next group begins."),
            text(form, g, "failureLimit", key("failureLimit"), "So many failures stop it",
                "A share of the group or a number; empty: no limit of its own.", {class: "short", maxlength: 16})));
}

export function stepGroups(form) {
    const d = form.draft;
    const add = el("button", {type: "button", disabled: d.groups.length >= GROUPS_MOST, on: {click: () => {
        d.groups.push(newGroup("", "100%"));
        form.changed();
        form.again(`groups.${d.groups.length - 1}.name`);
    }}}, "Add a group");
    form.inputs.set("groups", add);
    return [
        el("p", {class: "quiet"},
            "Groups begin one after the other. Whom conditions fit is decided when the roll-out is made; " +
                "a station is in the first group that takes it."),
        d.groups.map((g, i) => groupCard(form, g, i)), el("div", {class: "buttons"}, add),
        el("details", {open: d.among.length > 0}, el("summary", {}, "Draw shares not from all stations"),
            conditions(form, d.among, "among", "Only from those that meet"))
    ];
}

export function stepLimits(form) {
    const d = form.draft;
    const failures = FAILURES.map((name) => {
        const box = el("input", {type: "checkbox", checked: d.failures.includes(name), on: {change: () => {
            d.failures = FAILURES.filter((f) => (f === name ? box.checked : d.failures.includes(f)));
            form.changed();
        }}});
        return el("label", {class: "rollout-check"}, box, " ", name);
    });
    return [
        text(form, d, "failureLimit", "failureLimit", "So many failures of all stop it",
            "A share of all stations of the roll-out, 5%, or a number. Empty: only groups have limits.", {class: "short", maxlength: 16}),
        el("div", {class: "rollout-pair"},
            text(form, d, "times", "times", "Tell it again, times", "How often a station that failed is told again before its failure counts.",
                {inputmode: "numeric", class: "short"}),
            spanField(form, d, "after", "after", "… each time after")),
        el("details", {open: d.failures.length < FAILURES.length}, el("summary", {}, "After which failures"),
            el("div", {class: "rollout-checks", role: "group", "aria-label": "Failures"}, failures)),
        el("div", {class: "rollout-pair"},
            spanField(form, d, "answerTimeout", "answerTimeout", "Answer time-out", "A station that says nothing for so long has failed."),
            spanField(form, d, "progressTimeout", "progressTimeout", "Progress time-out",
                "… and one that stays in a status for so long. While it waits for a time that it was told, this does, too.")),
        text(form, d, "inFlightMax", "inFlightMax", "Under way at a time", "At most so many are told and not at their end. Empty: all that are due.",
            {inputmode: "numeric", class: "short"}),
        text(form, d, "startAt", "startAt", "Begin not before", "Your own time. Empty: as soon as it is started.",
            {type: "datetime-local", class: "rollout-date"}),
    ];
}
