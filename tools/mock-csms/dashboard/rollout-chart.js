/* A picture of all groups of a roll-out over time: a band each, in which what is done grows from below and what failed from above, so that
 * both thresholds are lines to be reached. The same numbers are a table below it. */
import {el, replace, select, setText, svg} from "./dom.js";
import {exact, number} from "./format.js";
import {PHASES, phaseText} from "./rollout-words.js";

const TOP = 40, LANE = 15, NAME = 20, BAND = 76, GAP = 14, AXIS = 22, LEFT = 46, RIGHT = 12; // pixels
const UP = ["installed", "installing", "downloading", "told"], DOWN = ["failed", "skipped"]; // what grows from below, what from above
const TABLE_MOST = 120; // rows
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 2592000]; // seconds
const RANGES = [
    ["", "all of it"], ["600", "last 10 minutes"], ["3600", "last hour"], ["21600", "last 6 hours"], ["86400", "last day"], ["604800", "last week"]
];
const MARKS = {
    started: "▶ started",
    paused: "❚❚ paused",
    resumed: "▶ resumed",
    superseded: "⇄ superseded",
    aborted: "■ aborted",
    finished: "✓ finished",
    begun: "begun",
    reached: "reached"
};

function ticks(from, to, width) {
    const wanted = (to - from) / 1000 / Math.max(2, Math.floor(width / 110));
    const step = (STEPS.find((s) => s >= wanted) ?? STEPS.at(-1)) * 1000;
    const zone = new Date(from).getTimezoneOffset() * 60000; // days begin at midnight here
    const list = [];
    for (let at = Math.ceil((from - zone) / step) * step + zone; at <= to; at += step)
        list.push(at);
    const options = step >= 86400000 ? {day: "numeric", month: "short"}
        : step >= 60000              ? {hour: "2-digit", minute: "2-digit"}
                                     : {timeStyle: "medium"};
    const format = new Intl.DateTimeFormat("en-GB", options);
    return list.map((at) => [at, format.format(at)]);
}

/* The area between two heights which hold from each sample to the next: points are [x, low, high]. */
function area(points, end, phase) {
    let up = "", down = "";
    points.forEach(([x, low, high], i) => {
        const next = i + 1 < points.length ? points[i + 1][0] : end;
        up += `${i === 0 ? "M" : "L"}${x} ${high}L${next} ${high}`;
        down = `L${next} ${low}L${x} ${low}${down}`;
    });
    return svg("path", {d: `${up}${down}Z`, "data-phase": phase});
}

function areas(samples, index, size, x, bottom, end) {
    const scale = (n) => BAND * n / size;
    const paths = [];
    for (const [phases, from, sign] of [[UP, bottom, -1], [DOWN, bottom - BAND, 1]]) {
        const at = samples.map(() => 0);
        for (const phase of phases) {
            const points = samples.map((s, i) => {
                const n = s.groups[index][phase] ?? 0, low = from + sign * scale(at[i]);
                at[i] += n;
                return [x(s.at), low, low + sign * scale(n)].map((v) => Math.round(v * 10) / 10);
            });
            if (points.some(([, low, high]) => low !== high))
                paths.push(area(points, end, phase));
        }
    }
    return paths;
}

/* A threshold with its words; above: the words stand above the line. */
function threshold(y, width, kind, text, above) {
    const left = kind === "failure"; // so that both can be read where they come together
    return [
        svg("line", {x1: LEFT, x2: width - RIGHT, y1: y, y2: y, class: "limit", "data-kind": kind}),
        svg("text", {
            x: left ? LEFT + 4 : width - RIGHT - 4,
            y: above ? y - 3 : y + 11,
            "text-anchor": left ? "start" : "end",
            class: "limit-text",
            "data-kind": kind
        },
            text)
    ];
}

export class Chart {
    constructor() {
        this.holder = el("div", {class: "chart", tabindex: 0, role: "group", "aria-label": "Groups over time: arrow keys move along it"});
        this.readout = el("div", {class: "chart-readout", role: "status"});
        this.rows = el("div", {class: "table"});
        this.details = el("details", {}, el("summary", {}, "The same as a table"), this.rows);
        this.marks = el("div", {class: "table"});
        this.at = null;
        this.range = select(RANGES, "", {"aria-label": "Time shown", on: {change: () => this.draw()}});
        this.element = el("div", {class: "card rollout-chart"}, el("div", {class: "head"}, el("h2", {}, "Groups over time"), this.range),
            this.legend(), this.holder, this.readout, this.details, el("h3", {}, "What happened"), this.marks);
        this.details.addEventListener("toggle", () => this.showTable());
        this.holder.addEventListener("pointermove", (event) => this.point(event.clientX - this.holder.getBoundingClientRect().left));
        this.holder.addEventListener("pointerleave", () => this.choose(null));
        this.holder.addEventListener("keydown", (event) => this.onKey(event));
        this.observer = new ResizeObserver(() => this.draw());
        this.observer.observe(this.holder);
    }

    legend() {
        return el("ul", {class: "legend", "aria-label": "Colours"},
            [...UP, ...DOWN].map((phase) => el("li", {}, el("span", {class: "swatch", "data-phase": phase}), PHASES[phase][0])),
            el("li", {}, el("span", {class: "swatch", "data-kind": "success"}), "so many must have it"),
            el("li", {}, el("span", {class: "swatch", "data-kind": "failure"}), "so many failures stop it"));
    }

    /* samples: [{at (ms), groups: [{phase: count}]}]; marks with at in ms; to: the right end. */
    show(rollout, {samples, marks, to}) {
        Object.assign(this, {rollout, samples, markList: marks, to});
        this.draw();
        if (this.details.open)
            this.showTable();
        this.showMarks();
    }

    draw() {
        const width = Math.max(260, this.holder.clientWidth);
        if (!this.rollout || this.samples.length === 0) {
            replace(this.holder, el("p", {class: "quiet"}, "There is nothing to be drawn until it is started."));
            return;
        }
        const [from, to] = this.span();
        const room = width - LEFT - RIGHT, groups = this.rollout.groups;
        this.x = (at) => LEFT + room * (at - from) / (to - from);
        this.back = (x) => from + (to - from) * (x - LEFT) / room;
        const height = TOP + groups.length * (NAME + BAND + GAP) + AXIS, end = Math.round(this.x(to) * 10) / 10;
        const picture = svg("svg", {width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": this.describe()},
            svg("defs", {}, svg("pattern", {id: "hatched", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)"},
                                svg("rect", {width: 6, height: 6, class: "hatch-back"}), svg("rect", {width: 2.5, height: 6, class: "hatch"}))),
            this.axis(from, to, room, height),
            groups.map((group, i) => this.band(group, i, TOP + i * (NAME + BAND + GAP), width, end, from)), this.markLines(from, width, height));
        this.cursor = svg("line", {class: "cursor", y1: TOP, y2: height - AXIS, hidden: true});
        picture.append(this.cursor);
        replace(this.holder, picture);
        this.choose(this.at);
    }

    /* What is shown: all of it, or the last part. */
    span() {
        const first = Math.min(this.samples[0].at, this.markList[0]?.at ?? Infinity), to = Math.max(this.to, this.samples.at(-1).at, first + 1000);
        for (const option of this.range.options)
            option.disabled = option.value !== "" && Number(option.value) * 1000 >= to - first;
        return [this.range.value ? Math.max(first, to - Number(this.range.value) * 1000) : first, to];
    }

    /* The samples of that part: the first one is what holds where it begins. */
    samplesFrom(from) {
        const before = Math.max(0, this.samples.findLastIndex((s) => s.at <= from));
        return this.samples.slice(before).map((s, i) => (i === 0 && s.at < from ? {...s, at: from} : s));
    }

    describe() {
        return `${this.rollout.groups.length} groups over time. ${
            this.rollout.groups.map((g, i) => `${g.name}: ${phaseText(this.samples.at(-1).groups[i])}`).join(". ")}`;
    }

    axis(from, to, room, height) {
        const bottom = height - AXIS;
        return ticks(from, to, room).map(([at, text]) => {
            const x = this.x(at), anchor = x > LEFT + room - 30 ? "end" : x < LEFT + 20 ? "start" : "middle";
            return [
                svg("line", {x1: x, x2: x, y1: TOP, y2: bottom, class: "grid-line"}),
                svg("text", {x, y: height - 6, "text-anchor": anchor, class: "axis"}, text)
            ];
        });
    }

    band(group, i, top, width, end, from) {
        const bottom = top + NAME + BAND, now = this.samples.at(-1).groups[i], parts = [];
        parts.push(svg("text", {x: LEFT, y: top + 14, class: "band-name"}, group.name,
                       svg("tspan", {dx: 8, class: "axis"}, group.size > 0 ? `${number(group.size)}: ${phaseText(now)}` : "no station")),
            svg("rect", {x: LEFT, y: bottom - BAND, width: width - LEFT - RIGHT, height: BAND, class: "band"}));
        if (group.size === 0)
            return parts;
        parts.push(svg("text", {x: LEFT - 5, y: bottom - BAND + 10, "text-anchor": "end", class: "axis"}, number(group.size)),
            svg("text", {x: LEFT - 5, y: bottom, "text-anchor": "end", class: "axis"}, "0"),
            areas(this.samplesFrom(from), i, group.size, this.x, bottom, end));
        const y = (n) => bottom - BAND * n / group.size;
        const last = i === this.rollout.groups.length - 1;
        if (!last && group.successCount > 0)
            parts.push(threshold(
                y(group.successCount), width, "success", `${number(group.successCount)} must have it`, group.successCount < group.size / 4));
        if (group.failureCount !== null && group.failureCount <= group.size)
            parts.push(threshold(bottom - BAND + BAND * group.failureCount / group.size, width, "failure",
                `${number(group.failureCount)} failed stop it`, group.failureCount > group.size * 3 / 4));
        for (const mark of this.markList.filter((m) => m.group === group.name && m.at >= from))
            parts.push(svg("path", {class: "mark", "data-what": mark.what, d: `M${this.x(mark.at)} ${bottom + 1}l-5 9h10z`},
                svg("title", {}, `${group.name} ${mark.what} ${exact(mark.at)}`)));
        return parts;
    }

    /* Words of marks stand in two lanes. Where both are taken a mark has none; all of them are in the table. */
    markLines(from, width, height) {
        const free = [0, 0];
        return this.markList.filter((m) => m.group === null && m.at >= from).map((m) => {
            const x = this.x(m.at), text = MARKS[m.what] ?? m.what, room = text.length * 7, at = Math.min(x, width - room - 2);
            const lane = free.findIndex((left) => at >= left), fits = lane >= 0;
            if (fits)
                free[lane] = at + room + 8;
            return [svg("line", {x1: x, x2: x, y1: fits ? (lane + 1) * LANE : TOP - 6, y2: height - AXIS, class: "mark-line", "data-what": m.what},
                        svg("title", {}, `${m.what} ${exact(m.at)}${m.reason ? `: ${m.reason}` : ""}`)),
                    fits ? svg("text", {x: at, y: lane * LANE + 11, class: "mark-text", "data-what": m.what}, text) : null];
        }).flat().filter(Boolean);
    }

    /* The sample that holds at this place. */
    point(x) {
        if (this.samples?.length)
            this.choose(Math.max(0, this.samples.findLastIndex((s) => s.at <= this.back(x))));
    }

    choose(index) {
        this.at = index;
        const s = index === null ? null : this.samples[Math.min(index, this.samples.length - 1)];
        if (this.cursor) {
            this.cursor.toggleAttribute("hidden", !s);
            if (s) {
                const x = Math.max(LEFT, this.x(s.at));
                this.cursor.setAttribute("x1", x);
                this.cursor.setAttribute("x2", x);
            }
        }
        setText(this.readout, s ? `${exact(s.at)} · ${this.rollout.groups.map((g, i) => `${g.name}: ${phaseText(s.groups[i])}`).join(" · ")}` : "");
    }

    onKey(event) {
        const most = (this.samples?.length ?? 0) - 1;
        const next = {ArrowLeft: (this.at ?? most + 1) - 1, ArrowRight: (this.at ?? -1) + 1, Home: 0, End: most, Escape: null}[event.key];
        if (next === undefined || most < 0)
            return;
        event.preventDefault();
        this.choose(next === null ? null : Math.min(most, Math.max(0, next)));
    }

    showTable() {
        if (!this.details.open || !this.rollout)
            return;
        const every = Math.ceil(this.samples.length / TABLE_MOST);
        const some = this.samples.filter((s, i) => i % every === 0 || i === this.samples.length - 1);
        replace(this.rows,
            el("table", {}, el("caption", {}, every > 1 ? `Every ${every}. of ${this.samples.length} samples` : `${this.samples.length} samples`),
                el("thead", {},
                    el("tr", {}, el("th", {scope: "col"}, "Time"),
                        this.rollout.groups.map((g) => el("th", {scope: "col"}, `${g.name} (${number(g.size)})`)))),
                el("tbody", {},
                    some.map((s) => el("tr", {}, el("th", {scope: "row"}, exact(s.at)), s.groups.map((g) => el("td", {}, phaseText(g))))))));
    }

    showMarks() {
        const key = `${this.markList.length} ${this.markList.at(-1)?.at}`;
        if (this.shown === key)
            return;
        this.shown = key;
        replace(this.marks,
            this.markList.length === 0
                ? el("p", {class: "quiet rollout-none"}, "Nothing yet.")
                : el("table", {}, el("thead", {}, el("tr", {}, ["Time", "What", "By", "Reason"].map((word) => el("th", {scope: "col"}, word)))),
                      el("tbody", {},
                          this.markList.toReversed().map((m) => el("tr", {}, el("td", {}, exact(m.at)),
                                                             el("td", {}, m.group ? `${m.group} ${m.what}` : MARKS[m.what] ?? m.what),
                                                             el("td", {}, m.by), el("td", {class: "rollout-reason"}, m.reason))))));
    }

    close() {
        this.observer.disconnect();
    }
}
