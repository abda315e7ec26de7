/* The variables of a station: asked for by GetBaseReport (2.x; NotifyReport brings them) or GetConfiguration (1.6), found in a table, and set. */
import {action, confirm, el, empty, field, note, replace, select, setText, trouble} from "./dom.js";
import {duration, number, time} from "./format.js";
import {resultOf} from "./station-act.js";
import {textOf} from "./station-lists.js";

const REPORTS = [["FullInventory", "All variables"], ["ConfigurationInventory", "Those that can be set"], ["SummaryInventory", "Those that tell of trouble"]];
const SHOWN_MOST = 2000; // rows of the table; the filter finds the others
const SILENT_AFTER = 60000; // milliseconds: a station that has accepted and says nothing for so long is told to be silent

function named(thing) {
    const evse = thing?.evse ? ` (EVSE ${textOf(thing.evse.id)}${thing.evse.connectorId !== undefined ? `, connector ${textOf(thing.evse.connectorId)}` : ""})` : "";
    return `${textOf(thing?.name)}${thing?.instance ? ` [${textOf(thing.instance)}]` : ""}${evse}`;
}

/* The rows of a NotifyReport's reportData: one for each attribute. */
function rowsOfReport(data) {
    const rows = [];
    for (const d of Array.isArray(data) ? data : [])
        for (const a of Array.isArray(d?.variableAttribute) ? d.variableAttribute : []) {
            const c = d.variableCharacteristics ?? {}, attribute = a?.type ?? "Actual";
            rows.push({component: d.component, variable: d.variable, attribute, where: named(d.component), name: named(d.variable), value: a?.value, secret: a?.mutability === "WriteOnly",
                       readOnly: a?.mutability === "ReadOnly", about: [c.dataType, c.unit, c.valuesList ? `one of ${textOf(c.valuesList)}` : null, attribute !== "Actual" ? attribute : null].filter(Boolean).map(textOf).join(", ")});
        }
    return rows;
}

function keyOf(row) {
    return [row.where, row.name, row.attribute].join("\n");
}

/* What a station has reported: the NotifyReports of one request, which its frames have. */
class Report {
    constructor(frames) {
        this.frames = frames;
        this.forget(null);
    }

    forget(requestId) {
        Object.assign(this, {requestId, rows: new Map(), read: 0, whole: false, at: null});
    }

    /* Reads what has come since; a report that someone asked for anew takes the place of an older one. */
    update() {
        for (const f of this.frames.list) {
            if (f.number <= this.read || f.from !== "station" || f.action !== "NotifyReport" || f.type !== "CALL")
                continue;
            this.read = f.number;
            const {requestId, seqNo, tbc, reportData} = f.payload ?? {};
            if (requestId !== this.requestId || seqNo === 0)
                Object.assign(this, {requestId, rows: new Map()});
            for (const row of rowsOfReport(reportData))
                this.rows.set(keyOf(row), row);
            Object.assign(this, {whole: tbc !== true, at: f.time});
        }
    }
}

async function askConfiguration(context) {
    const result = await resultOf(context, "GetConfiguration", {});
    return new Map((Array.isArray(result.configurationKey) ? result.configurationKey : []).map((k) => {
        const row = {where: "", name: textOf(k?.key), attribute: "", value: k?.value, readOnly: k?.readonly === true, about: ""};
        return [keyOf(row), row];
    }));
}

async function set(context, row, painted) {
    const old = context.station.protocol === "ocpp1.6";
    const input = el("input", {type: "text", value: row.value ?? "", autocomplete: "off", spellcheck: "false"});
    const title = [row.where, row.name].filter(Boolean).join(" · ");
    const body = [el("p", {}, `${context.id} is told this value at once. A wrong one may take it offline.`), field(title, input, row.about || undefined)];
    if (!await confirm(`Set ${row.name}?`, body, "Set it"))
        return;
    const value = input.value;
    let status;
    if (old)
        ({status} = await resultOf(context, "ChangeConfiguration", {key: row.name, value}));
    else {
        const {setVariableResult} = await resultOf(context, "SetVariables", {setVariableData: [
            {attributeType: row.attribute === "Actual" ? undefined : row.attribute, attributeValue: value, component: row.component, variable: row.variable}]});
        const told = setVariableResult?.[0], info = told?.attributeStatusInfo;
        status = [told?.attributeStatus, info?.reasonCode, info?.additionalInfo].filter(Boolean).map(textOf).join(": ");
    }
    const good = ["Accepted", "RebootRequired"].includes(status);
    note(`${row.name}: ${status || "answered without a status"}.`, good ? "good" : "bad");
    if (good)
        row.value = value;
    painted();
}

/* The section. */
class View {
    constructor(context) {
        this.context = context;
        this.old = context.station.protocol === "ocpp1.6";
        this.report = new Report(context.frames);
        this.rows = new Map();
        this.place = el("div");
        this.body = el("tbody");
        this.rest = el("span"); // whether that is all
        this.asked = false;     // nothing has come yet of what was asked for
        this.silent = null;     // the timer that runs while a report is on its way
        context.signal.addEventListener("abort", () => clearTimeout(this.silent));
        this.said = el("p", {class: "quiet", role: "status"});
        this.search = el("input", {type: "search", "aria-label": "Search in variables", placeholder: "Search component, variable, value", on: {input: () => this.paint()}});
        this.which = select([["", "All"], ["write", "Can be set"], ["read", "Read-only"]], "", {"aria-label": "Which", on: {change: () => this.paint()}});
        this.base = select(REPORTS, REPORTS[0][0], {"aria-label": "Which report"});
        const ask = action("Ask the station", () => this.ask(), {operator: true});
        this.element = el("section", {class: "card", "aria-label": "Variables"},
            el("div", {class: "head"}, el("h2", {}, this.old ? "Configuration keys" : "Variables"), el("div", {class: "buttons"}, this.old ? null : this.base, ask)),
            el("div", {class: "filters", role: "search"}, this.search, this.which), this.said, this.place);
    }

    async ask() {
        setText(this.said, "The station is asked …");
        this.asked = true;
        try {
            if (this.old) {
                this.rows = await askConfiguration(this.context);
                Object.assign(this, {at: new Date().toISOString(), asked: false});
                return this.paint();
            }
            const requestId = 1 + Math.floor(Math.random() * 2000000000);
            const result = await resultOf(this.context, "GetBaseReport", {requestId, reportBase: this.base.value});
            if (this.report.requestId === requestId)
                return; // the report was faster
            const accepted = result.status === "Accepted";
            setText(this.said, accepted ? "Accepted: the report is on its way …" : `The station answered ${textOf(result.status)}.`);
            if (accepted)
                this.await(() => setText(this.said, `The station accepted, but for ${duration(SILENT_AFTER / 1000)} no NotifyReport has come. ` +
                    "Its frames show what it does instead; ask again, or for single variables by GetVariables, under Call."));
        } catch (error) {
            setText(this.said, "");
            replace(this.place, trouble(error, "A variable that one knows by name can be asked for by GetVariables, under Call."));
        }
    }

    /* What is to be done if nothing of the report comes. */
    await(silent) {
        clearTimeout(this.silent);
        this.silent = setTimeout(silent, SILENT_AFTER);
    }

    fits(row) {
        const search = this.search.value.toLowerCase(), {value: which} = this.which;
        return (!which || row.readOnly === (which === "read")) && (!search || [row.where, row.name, textOf(row.value)].some((t) => t.toLowerCase().includes(search)));
    }

    row(row) {
        const setting = row.readOnly ? el("span", {class: "badge"}, "read-only")
            : action("Set", () => set(this.context, row, () => this.paint(keyOf(row))), {operator: true, "aria-label": `Set ${row.name}`});
        return el("tr", {"data-key": keyOf(row)}, this.old ? null : el("td", {}, row.where), el("th", {scope: "row"}, row.name, row.about ? el("small", {class: "quiet station-about"}, row.about) : null),
                  el("td", {class: "mono station-value"}, row.secret && row.value === undefined ? "write-only" : textOf(row.value)), el("td", {}, setting));
    }

    /* Writes the rows anew; who was at one of them, or is to come to it, is there again. */
    fill(shown, at = document.activeElement?.closest("tr[data-key]")?.dataset.key) {
        replace(this.body, shown.map((row) => this.row(row)));
        if (at !== undefined)
            ([...this.body.rows].find((tr) => tr.dataset.key === at)?.querySelector("button") ?? this.body.closest(".table")).focus({preventScroll: true});
    }

    paint(at) {
        const fitting = [...this.rows.values()].filter((row) => this.fits(row)), shown = fitting.slice(0, SHOWN_MOST);
        if (this.rows.size === 0)
            return replace(this.place, empty(this.old ? "No keys yet" : "No report yet", "What this station is set to is only known when it is asked. ",
                                             this.old ? "Ask the station sends GetConfiguration." : "Ask the station sends GetBaseReport; what it reports appears here."));
        if (!this.asked)
            replace(this.said, `${number(shown.length)} of ${number(this.rows.size)} shown, told `, time(this.at), this.rest);
        this.fill(shown, at);
        if (this.place.contains(this.body))
            return this.place;
        const heads = [this.old ? null : "Component", this.old ? "Key" : "Variable", "Value", "Setting"].filter(Boolean);
        return replace(this.place, el("div", {class: "table", tabindex: 0, role: "region", "aria-label": "Variables"}, el("table", {},
            el("thead", {}, el("tr", {}, heads.map((word) => el("th", {scope: "col"}, word)))), this.body)));
    }

    show() {
        if (this.old) {
            if (!this.at && !this.place.firstChild)
                this.paint();
            return;
        }
        this.report.update();
        const key = `${this.report.read} ${this.report.requestId}`;
        if (key === this.shown)
            return;
        this.shown = key;
        Object.assign(this, {rows: this.report.rows, at: this.report.at, asked: false});
        setText(this.rest, this.report.whole ? "" : " – more is on its way …");
        clearTimeout(this.silent);
        if (!this.report.whole)
            this.await(() => setText(this.rest, ` – the rest has not come for ${duration(SILENT_AFTER / 1000)}: this is not all. Ask again.`));
        this.paint();
    }
}

export function makeVariables(context) {
    const view = new View(context);
    return {element: view.element, show: () => view.show()};
}
