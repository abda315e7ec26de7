/* One station: who it is, its update as a time line, its frames, variables, certificates, security events and logs, and what can be asked of
 * it. This module is the page's frame: head, sections, and what happens while one looks; each section is a module of its own. */
import {at, get} from "./api.js";
import {el, empty, legible, replace, setAttribute, setText, trouble} from "./dom.js";
import {time} from "./format.js";
import {gather, listen} from "./live.js";
import {makeCall} from "./call.js";
import {Frames, makeFrames} from "./frames.js";
import {makeButtons} from "./station-act.js";
import {makeFaults, makeFacts} from "./station-facts.js";
import {makeCertificates, makeLogs, makeSecurityEvents} from "./station-lists.js";
import {makeTimeline} from "./timeline.js";
import {makeVariables} from "./variables.js";
import {versionText} from "./stations.js";

export const title = "Station";

const ASK_EVERY = 200; // milliseconds: the station is asked for again at most 5 times a second

/* ?tab=: word, what is in it: functions of the context that give {element, show()}. They are made when one first looks. */
const TABS = {
    update:    ["Update",    [makeTimeline, makeFacts, makeFaults]],
    frames:    ["Frames",    [makeFrames]],
    variables: ["Variables", [makeVariables]],
    security:  ["Security",  [makeCertificates, makeSecurityEvents]],
    logs:      ["Logs",      [makeLogs]],
    call:      ["Call",      [makeCall]],
};

/* The sections: of those that were made only one is to be seen. */
class Sections {
    constructor(context) {
        this.context = context;
        this.made = new Map();
        this.links = Object.entries(TABS).map(([name, [word]]) => el("a", {href: this.address(name), on: {click: (event) => this.onClick(event, name)}}, word));
        this.nav = el("nav", {class: "station-tabs", "aria-label": "Sections of the station"}, this.links);
        this.element = el("div", {class: "station-sections"});
    }

    address(name) {
        return `#/station/${encodeURIComponent(this.context.id)}?tab=${name}`;
    }

    /* Without opening the whole page anew. */
    onClick(event, name) {
        if (event.ctrlKey || event.metaKey || event.shiftKey)
            return;
        event.preventDefault();
        history.replaceState(null, "", this.address(name));
        this.open(name);
    }

    open(name) {
        if (!this.made.has(name)) {
            const parts = TABS[name][1].map((make) => make(this.context));
            const element = el("div", {class: "station-section", "data-tab": name}, parts.map((p) => p.element));
            this.made.set(name, {parts, element});
            this.element.append(element);
        }
        this.current = name;
        Object.keys(TABS).forEach((n, i) => setAttribute(this.links[i], "aria-current", n === name ? "page" : null));
        for (const [n, {element}] of this.made)
            element.hidden = n !== name;
        this.show();
    }

    /* What one looks at shows what is known now. */
    show() {
        for (const part of this.made.get(this.current)?.parts ?? [])
            part.show?.();
    }

    event(type, data) {
        for (const {parts} of this.made.values())
            for (const part of parts)
                part.event?.(type, data);
    }
}

function makeHead(context) {
    const state = el("span", {class: "badge"}), version = el("span", {class: "badge"}), seen = el("span", {class: "quiet"});
    const buttons = makeButtons(context);
    let shown = "";
    const element = el("div", {class: "head"}, el("h1", {class: "station-id"}, context.id), state, version, seen, buttons.element);
    return {element, show() {
        const s = context.station;
        setText(state, s.online ? "connected" : "offline");
        setAttribute(state, "data-tone", s.online ? "good" : "off");
        setText(version, `OCPP ${versionText(s.protocol)}`);
        const since = s.online ? s.connectedSince : s.lastSeen;
        if (shown !== `${s.online} ${since}`)
            replace(seen, s.online ? "since " : "last seen ", time(since));
        shown = `${s.online} ${since}`;
        buttons.show();
    }};
}

function unknown(main, id) {
    replace(main, el("h1", {class: "station-id"}, id), empty("This station is not known here", "It has never connected, or was deleted. ", el("a", {href: "#/fleet"}, "To the fleet"), "."));
}

export async function show(main, {parts, query, signal: leaving}) {
    const gone = new AbortController(), signal = AbortSignal.any([leaving, gone.signal]); // deleted: nothing more is asked for
    const id = parts[0] ?? "";
    const context = {id, signal, frames: new Frames(id, signal)};
    try {
        context.station = await get(at("stations", id), {}, signal);
    } catch (error) {
        if (error.status !== 404)
            throw error;
        return unknown(main, id);
    }
    const head = makeHead(context), sections = new Sections(context), problem = el("div", {hidden: true});
    const paint = () => {
        head.show();
        sections.show();
    };
    context.changed = (station) => {
        context.station = station;
        paint();
    };
    const ask = gather(async () => {
        try {
            context.changed(await get(at("stations", id), {}, signal));
            problem.hidden = true;
        } catch (error) {
            if (signal.aborted)
                return;
            problem.hidden = false;
            replace(problem, trouble(error, "What is shown is as it was before."));
        }
    }, ASK_EVERY);
    document.title = legible(`${id} · mock-csms`);
    replace(main, el("p", {class: "quiet station-back"}, el("a", {href: "#/fleet"}, "Fleet")), head.element, problem, sections.nav, sections.element);
    head.show();
    sections.open(Object.hasOwn(TABS, query.tab) ? query.tab : "update");
    context.frames.onChange(gather(() => sections.show(), ASK_EVERY));
    listen({types: ["station", "station-deleted", "frame", "log", "fault", "fault-applied", "fault-ended"], station: id, signal,
            lost: () => {
                ask();
                context.frames.load();
                sections.event("lost", null);
            },
            event(type, data) {
                if (type === "frame")
                    context.frames.event(data);
                else if (type === "station")
                    ask();
                else if (type === "station-deleted" && data.id === id) {
                    gone.abort();
                    unknown(main, id);
                } else
                    sections.event(type, data);
            }});
}
