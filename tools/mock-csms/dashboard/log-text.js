/* Reads one file of a log as text: piece by piece, with line numbers, and finds words in what has been read. */
import {at, request} from "./api.js";
import {action, el, legible, replace, setText, trouble} from "./dom.js";
import {bytes, number} from "./format.js";

const FIRST = 256 * 1024, NEXT = 1024 * 1024; // bytes asked for at a time
const LINE_HEIGHT = 18; // pixels, as a guess for what is not to be seen
const MARKED = 5000; // lines in which what was found is marked

/* Is this hardly text? Sees U+FFFD and control characters. */
function seemsBinary(text) {
    const some = text.slice(0, 4096);
    return some.length > 0 && (some.match(/[\0-\x08\x0e-\x1a\x1c-\x1f\ufffd]/g)?.length ?? 0) > some.length / 10;
}

/* The lines that have been read, as elements in blocks: what is not to be seen is not laid out. */
class Lines {
    constructor() {
        this.lines = [];
        this.whole = true; // the last one has its end
        this.element = el("div", {class: "log-lines", tabindex: 0, role: "region", "aria-label": "Text"});
    }

    add(text) {
        const parts = text.split("\n");
        if (!this.whole && parts.length)
            this.lines[this.lines.length - 1].append(legible(parts.shift().replace(/\r$/, "")));
        this.whole = text.endsWith("\n");
        if (this.whole)
            parts.pop();
        const block = el("div", {class: "log-block"});
        for (const part of parts) {
            const line = el("div", {class: "log-line", "data-n": this.lines.length + 1}, part.replace(/\r$/, ""));
            this.lines.push(line);
            block.append(line);
        }
        block.style.containIntrinsicSize = `auto ${parts.length * LINE_HEIGHT}px`;
        this.element.append(block);
    }
}

/* Marks where a word stands in a line. */
function mark(line, word) {
    const text = line.textContent, low = text.toLowerCase(), parts = [];
    let from = 0;
    for (let i = low.indexOf(word); i >= 0; i = low.indexOf(word, from)) {
        parts.push(text.slice(from, i), el("mark", {}, text.slice(i, i + word.length)));
        from = i + word.length;
    }
    replace(line, parts, text.slice(from));
}

class Finder {
    constructor(lines, more) {
        this.lines = lines;
        this.more = more; // is there more of the file?
        this.hits = [];
        this.at = -1;
        this.input = el("input", {type: "search", "aria-label": "Find in the text", placeholder: "Find", on: {
            input: () => this.find(),
            keydown: (event) => {
                if (event.key === "Enter")
                    this.go(event.shiftKey ? -1 : 1);
            }}});
        this.told = el("span", {class: "quiet", role: "status"});
        this.only = el("input", {type: "checkbox", on: {change: () =>
            this.lines.element.classList.toggle("only", this.only.checked && this.input.value !== "")}});
        this.element = el("div", {class: "buttons", role: "search"}, this.input,
            el("button", {type: "button", "aria-label": "The one before", on: {click: () => this.go(-1)}}, "↑"),
            el("button", {type: "button", "aria-label": "The next one", on: {click: () => this.go(1)}}, "↓"),
            el("label", {}, this.only, " only these lines"), this.told);
    }

    find() {
        const word = this.input.value.toLowerCase();
        for (const line of this.hits) {
            line.classList.remove("hit", "now");
            if (line.firstElementChild)
                line.replaceChildren(line.textContent);
        }
        this.hits = word ? this.lines.lines.filter((line) => line.textContent.toLowerCase().includes(word)) : [];
        for (const [i, line] of this.hits.entries()) {
            line.classList.add("hit");
            if (i < MARKED)
                mark(line, word);
        }
        this.at = -1;
        this.lines.element.classList.toggle("only", this.only.checked && word !== "");
        if (this.hits.length)
            this.go(1);
        else
            this.tell();
    }

    go(step) {
        if (!this.hits.length)
            return;
        this.hits[this.at]?.classList.remove("now");
        this.at = (this.at + step + this.hits.length) % this.hits.length;
        this.hits[this.at].classList.add("now");
        this.hits[this.at].scrollIntoView({block: "center", inline: "nearest"});
        this.tell();
    }

    tell() {
        const rest = this.more() ? ", as far as it is shown" : "";
        setText(this.told, !this.input.value ? "" : this.hits.length ? `${number(this.at + 1)} of ${number(this.hits.length)} lines${rest}`
            : `nowhere${rest}`);
    }
}

function wrapBox(lines) {
    const box = el("input", {type: "checkbox", checked: localStorage.getItem("wrap") !== "no", on: {change: () => {
        localStorage.setItem("wrap", box.checked ? "yes" : "no");
        lines.element.classList.toggle("wrap", box.checked);
    }}});
    lines.element.classList.toggle("wrap", box.checked);
    return el("label", {}, box, " wrap lines");
}

/* Fills an element with a file of a log; size: what the archive says, or null. */
export async function showText(element, {id, name, size, signal}) {
    const lines = new Lines();
    let offset = 0; // of what is to be read next; null: that was all
    const told = el("span", {class: "quiet", role: "status"}, "Reading …"), warning = el("div", {});
    const more = action(`Read ${bytes(NEXT)} more`, () => load(NEXT), {}), finder = new Finder(lines, () => offset !== null);
    const load = async (limit) => {
        const answer = await request("GET", `${at("logs", id)}/entries/content`, {query: {name, offset, limit}, signal});
        const text = await answer.text(), next = answer.headers.get("Next-Offset");
        if (offset === 0 && seemsBinary(text))
            replace(warning, el("p", {class: "log-note"},
                    "This seems to be no text: what can't be shown stands here as �. Download the log to see it as it is."));
        lines.add(text);
        offset = next === null ? null : Number(next);
        more.hidden = offset === null;
        const broken = answer.headers.get("Broken") === "true";
        if (broken) {
            more.hidden = true;
            replace(warning, el("p", {class: "log-note"}, "The archive is broken behind this: more can't be read."));
        }
        setText(told, `${number(lines.lines.length)} line${lines.lines.length === 1 ? "" : "s"}` +
            (broken ? ", as far as it can be read" : offset === null ? ", all of it"
            : size ? `, the first ${bytes(offset)} of ${bytes(size)}` : `, the first ${bytes(offset)}`));
        if (finder.input.value)
            finder.find();
    };
    replace(element, el("h3", {class: "mono log-name"}, name), el("div", {class: "buttons log-tools"}, finder.element, wrapBox(lines), told), warning,
            lines.element, el("div", {class: "buttons"}, more));
    try {
        await load(FIRST);
    } catch (error) {
        if (!signal.aborted)
            replace(element, el("h3", {class: "mono log-name"}, name), trouble(error, "Download the log to look at it with other programs."));
    }
}
