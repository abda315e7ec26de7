/* Builds the page's elements. Text is only ever set as text: what a station says can't become markup. */

const SVG = "http://www.w3.org/2000/svg";

/* What can't be seen, or changes how what is beside it is seen: controls, bidirectional formatting, zero-width and filling
 * characters, halves of characters. Ends of lines and tabs may stay. */
const UNSEEN = /(?!\r\n|[\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{DI}]/gu;

/* A text as it is shown: what can't be seen is told by its number, ⟨U+202E⟩. All that the page shows goes through here, as
 * hardly a text is none of a station's; what is copied, searched or sent does not. */
export function legible(text) {
    return String(text).replace(UNSEEN, (c) => `⟨U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`);
}

/* Attributes that are read by people. */
const READ = new Set(["title", "aria-label", "placeholder", "label"]);

function worded(name, value) {
    return value === true ? "" : READ.has(name) ? legible(value) : String(value);
}

/* Elements as they are, all else as text; null, undefined and false are left out. */
function content(children) {
    return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false)
        .map((child) => child instanceof Node ? child : legible(child));
}

function fill(element, props, children) {
    for (const [name, value] of Object.entries(props ?? {})) {
        if (value === undefined || value === null || value === false)
            continue;
        if (name === "on")
            for (const [event, handler] of Object.entries(value))
                element.addEventListener(event, handler);
        else if (name === "value" || name === "checked" || name === "disabled" || name === "selected")
            element[name] = value;
        else
            element.setAttribute(name, worded(name, value));
    }
    element.append(...content(children));
    return element;
}

/* el("button", {class: "main", on: {click}}, "Send"): children are elements and texts, in lists as one likes; null and
 * false are left out. */
export function el(tag, props, ...children) {
    return fill(document.createElement(tag), props, children);
}

/* The same for pictures. */
export function svg(tag, props, ...children) {
    return fill(document.createElementNS(SVG, tag), props, children);
}

/* Puts these in the place of all that an element has. */
export function replace(element, ...children) {
    element.replaceChildren(...content(children));
    return element;
}

/* Sets a text only where it differs, so that nothing is laid out again for nothing. */
export function setText(element, text) {
    const shown = legible(text);
    if (element.textContent !== shown)
        element.textContent = shown;
}

export function setAttribute(element, name, value) {
    if (value === null || value === undefined || value === false)
        element.removeAttribute(name);
    else if (element.getAttribute(name) !== worded(name, value))
        element.setAttribute(name, worded(name, value));
}

let ids = 0;

/* A labelled field of a form: field("Name", input, "help"). The label names the input, the help describes it. */
export function field(label, input, help) {
    input.id ||= `field-${++ids}`;
    const described = help ? el("small", {id: `${input.id}-help`, class: "help"}, help) : null;
    if (described)
        input.setAttribute("aria-describedby", described.id);
    return el("div", {class: "field"}, el("label", {for: input.id}, label), input, described);
}

/* select([["value", "text"], …], chosen) */
export function select(options, chosen, props) {
    return el("select", props, options.map(([value, text]) => el("option", {value, selected: value === chosen}, text)));
}

/* One short sentence for the operator, which goes by itself; tone: "good", "bad" or none. */
export function note(text, tone) {
    const box = el("div", {class: `note ${tone ?? ""}`}, text,
                   el("button", {type: "button", class: "quiet", "aria-label": "Close", on: {click: () => box.remove()}}, "×"));
    document.getElementById("notes").append(box);
    setTimeout(() => box.remove(), tone === "bad" ? 20000 : 6000);
}

/* What went wrong, with the next step; an Error or a sentence. */
export function trouble(error, next) {
    return el("div", {class: "trouble", role: "alert"}, el("strong", {}, error.message ?? error), next ? el("p", {}, next) : null);
}

/* What is known of something: [[name, value], …]; a row that is null, or whose value is null or undefined, is left out. */
export function facts(rows) {
    return el("dl", {class: "facts"}, rows.filter((row) => row && row[1] !== null && row[1] !== undefined)
        .map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

/* A button that copies a text; where the browser lets no page do that, choose() marks it, to be copied by hand. */
export function copyButton(text, choose, label) {
    return el("button", {type: "button", "aria-label": label ? `Copy: ${label}` : null, on: {click: async () => {
        try {
            await navigator.clipboard.writeText(text);
            note("Copied.", "good");
        } catch {
            choose();
            note("This browser lets no page copy here. The text is marked: press Ctrl+C.");
        }
    }}}, "Copy");
}

/* Fills a cell of a Grid with a way to another page. */
export function showLink(cell, text, address) {
    let link = cell.firstChild;
    if (!link)
        cell.append(link = el("a", {tabindex: -1}));
    setText(link, text);
    setAttribute(link, "href", address);
}

/* There is nothing: what this place is for, and what to do. */
export function empty(title, ...text) {
    return el("div", {class: "empty"}, el("h2", {}, title), el("p", {}, ...text));
}

/* Asks before something is done. fields: elements to show; true when it is confirmed. Enter in a field confirms, too. */
export function confirm(title, body, action, tone) {
    return new Promise((resolve) => {
        const dialog = el("dialog", {"aria-label": title},
            el("form", {method: "dialog"}, el("h2", {}, title), el("div", {class: "body"}, body),
               el("div", {class: "buttons"}, el("button", {type: "button", class: "quiet", on: {click: () => dialog.close("no")}}, "Not now"),
                  el("button", {value: "yes", type: "submit", class: tone ?? "main"}, action))));
        dialog.addEventListener("close", () => {
            dialog.remove();
            resolve(dialog.returnValue === "yes");
        });
        document.body.append(dialog);
        dialog.showModal();
    });
}

/* A button that can't be pressed twice while its work is under way; what goes wrong is told. props.operator: it is not for
 * those who may only read. */
export function action(text, work, props = {}) {
    const {operator, ...rest} = props;
    const button = el("button", {type: "button", ...rest, on: {click: async () => {
        const focused = document.activeElement === button;
        button.disabled = true;
        try {
            await work();
        } catch (error) {
            if (error.name !== "AbortError")
                note(error.message, "bad");
        } finally {
            button.disabled = false;
            if (focused && document.activeElement === document.body) // what is disabled loses it
                button.focus({preventScroll: true});
        }
    }}}, text);
    if (operator && document.documentElement.dataset.role !== "operator") {
        button.disabled = true;
        button.classList.add("locked");
        button.title = "A token with the role operator is needed for this.";
        setAttribute(button, "aria-describedby", document.getElementById("read-only") ? "read-only" : null);
    }
    return button;
}
