/* Accessibility, looked at in the page itself: names, roles, headings, pictures, contrast, focus, width. After WAI-ARIA 1.2, the
 * accessible name computation 1.2 and WCAG 2.2, as far as the dashboard uses them. browser.py puts it into the page: window.a11y. */
(() => {
const CONTROLS = new Set(["button", "link", "textbox", "searchbox", "spinbutton", "combobox", "listbox", "checkbox", "radio", "switch", "slider", "tab", "menuitem",
                          "option", "treeitem", "filepicker"]);
const FROM_CONTENT = new Set(["button", "link", "heading", "checkbox", "radio", "switch", "tab", "menuitem", "option", "treeitem", "row", "gridcell", "cell",
                              "columnheader", "rowheader", "tooltip"]);
const ROLES = new Set([...CONTROLS, ...FROM_CONTENT, "alert", "alertdialog", "application", "article", "banner", "caption", "complementary", "contentinfo", "definition",
    "dialog", "document", "feed", "figure", "form", "grid", "group", "img", "list", "listitem", "log", "main", "menu", "menubar", "meter", "navigation", "none", "note",
    "paragraph", "presentation", "progressbar", "radiogroup", "region", "rowgroup", "search", "separator", "status", "table", "tablist", "tabpanel", "term", "text",
    "timer", "toolbar", "tree", "treegrid"]);
ROLES.delete("filepicker"); // ours alone
const BOOLEAN = ["true", "false"];
/* aria-* attributes: the words that there are; null: any text; "ids": of elements that are there; "number". */
const ARIA = {label: null, labelledby: "ids", describedby: "ids", controls: "ids", owns: "ids", activedescendant: "ids", details: "ids", errormessage: "ids",
    hidden: BOOLEAN, live: ["off", "polite", "assertive"], atomic: BOOLEAN, busy: BOOLEAN, relevant: null, current: ["page", "step", "location", "date", "time", "true", "false"],
    pressed: ["true", "false", "mixed"], checked: ["true", "false", "mixed"], selected: BOOLEAN, expanded: BOOLEAN, disabled: BOOLEAN, readonly: BOOLEAN,
    required: BOOLEAN, invalid: ["true", "false", "grammar", "spelling"], modal: BOOLEAN, multiline: BOOLEAN, multiselectable: BOOLEAN,
    sort: ["ascending", "descending", "none", "other"], haspopup: ["true", "false", "menu", "listbox", "tree", "grid", "dialog"], orientation: ["horizontal", "vertical"],
    autocomplete: ["none", "inline", "list", "both"], level: "number", posinset: "number", setsize: "number", rowcount: "number", rowindex: "number", rowspan: "number",
    colcount: "number", colindex: "number", colspan: "number", valuemin: "number", valuemax: "number", valuenow: "number", valuetext: null, placeholder: null,
    roledescription: null, keyshortcuts: null, description: null};
/* role: in which one must it be; what lies between must be presentation or nothing. */
const PARENTS = {row: ["rowgroup", "grid", "table", "treegrid"], rowgroup: ["grid", "table", "treegrid"], gridcell: ["row"], cell: ["row"], columnheader: ["row"],
    rowheader: ["row"], listitem: ["list"], tab: ["tablist"], option: ["listbox", "combobox", "group"], menuitem: ["menu", "menubar", "group"], treeitem: ["tree", "group"]};
const CHILDREN = {grid: ["row", "rowgroup"], table: ["row", "rowgroup"], row: ["cell", "gridcell", "columnheader", "rowheader"], tablist: ["tab"], list: ["listitem"]};
const TYPES = {checkbox: "checkbox", radio: "radio", search: "searchbox", number: "spinbutton", range: "slider", button: "button", submit: "button", reset: "button",
    image: "button", file: "filepicker", hidden: null};
const TAGS = {button: "button", textarea: "textbox", h1: "heading", h2: "heading", h3: "heading", h4: "heading", h5: "heading", h6: "heading", table: "table", tr: "row",
    thead: "rowgroup", tbody: "rowgroup", tfoot: "rowgroup", dialog: "dialog", nav: "navigation", main: "main", ul: "list", ol: "list", li: "listitem", summary: "button",
    details: "group", progress: "progressbar", meter: "meter", output: "status", fieldset: "group", figure: "figure", option: "option", article: "article", hr: "separator",
    aside: "complementary", optgroup: "group", header: null, footer: null, caption: "caption", dt: "term", dd: "definition", time: "time", p: "paragraph"};

function roleOf(e) {
    const told = e.getAttribute("role")?.trim().split(/\s+/)[0];
    if (told)
        return told === "presentation" ? "none" : told;
    const tag = e.localName;
    if (tag === "a")
        return e.hasAttribute("href") ? "link" : null;
    if (tag === "input")
        return e.type in TYPES ? TYPES[e.type] : "textbox";
    if (tag === "select")
        return e.multiple || e.size > 1 ? "listbox" : "combobox";
    if (tag === "img")
        return e.getAttribute("alt") === "" ? "none" : "img";
    if (tag === "td" || tag === "th") {
        const table = e.closest("table,[role=grid]");
        if (tag === "td")
            return table && roleOf(table) === "grid" ? "gridcell" : "cell";
        return e.scope === "row" || e.scope === "rowgroup" ? "rowheader" : "columnheader";
    }
    if (tag === "section")
        return e.hasAttribute("aria-label") || e.hasAttribute("aria-labelledby") ? "region" : null;
    if (tag === "form")
        return e.hasAttribute("aria-label") || e.hasAttribute("aria-labelledby") ? "form" : null;
    return TAGS[tag] ?? null;
}

/* Whether it is there for a screen reader: it may be scrolled out of sight. */
function exists(e) {
    return e.checkVisibility({checkVisibilityCSS: true}) && !e.closest("[aria-hidden=true]") && !behindDialog(e);
}

function behindDialog(e) {
    const modal = [...document.querySelectorAll("dialog:modal")].at(-1);
    return modal && !modal.contains(e);
}

function content(e) {
    let text = "";
    for (const child of e.childNodes) {
        if (child.nodeType === Node.TEXT_NODE)
            text += child.data;
        else if (child.nodeType === Node.ELEMENT_NODE && child.getAttribute("aria-hidden") !== "true" && child.checkVisibility({checkVisibilityCSS: true}))
            text += ` ${nameOf(child, true)} `;
    }
    return text.replace(/\s+/g, " ").trim();
}

function nameOf(e, within = false) {
    const ids = e.getAttribute("aria-labelledby")?.split(/\s+/).map((id) => document.getElementById(id)).filter(Boolean);
    if (ids?.length && !within)
        return ids.map((i) => i.getAttribute("aria-label") ?? content(i)).join(" ").trim();
    if (e.getAttribute("aria-label")?.trim())
        return e.getAttribute("aria-label").trim();
    if (e.localName === "img")
        return (e.getAttribute("alt") ?? e.title).trim();
    if (e.localName === "svg")
        return e.querySelector(":scope > title")?.textContent.trim() ?? "";
    if (e.labels?.length && !within)
        return [...e.labels].map(content).join(" ").trim();
    if (e.localName === "input" && ["submit", "button", "reset"].includes(e.type))
        return e.value;
    if (e.localName === "fieldset" && e.querySelector(":scope > legend"))
        return content(e.querySelector(":scope > legend"));
    if (e.localName === "table" && e.caption)
        return content(e.caption);
    if (within || FROM_CONTENT.has(roleOf(e))) {
        const text = content(e);
        if (text)
            return text;
    }
    return e.title?.trim?.() ?? "";
}

function elements() {
    return [...document.querySelectorAll("body *")].filter((e) => !["script", "style", "noscript"].includes(e.localName) && exists(e));
}

function tell(e) {
    const where = [];
    for (let i = e; i && i !== document.body && where.length < 4; i = i.parentElement)
        where.unshift(`${i.localName}${i.id ? `#${i.id}` : ""}${i.classList.length ? `.${[...i.classList].join(".")}` : ""}`);
    return `${where.join(" > ")} "${e.textContent.trim().slice(0, 40)}"`;
}

/* ---- names, roles, structure ---- */

function checkNames(found, e, role) {
    if ((CONTROLS.has(role) || role === "dialog" || role === "grid" || role === "img") && role !== "option" && !nameOf(e))
        found.push(`no name: ${role} ${tell(e)}`);
    if (e.localName === "img" && !e.hasAttribute("alt"))
        found.push(`no alternative: ${tell(e)}`);
    if (e.localName === "svg" && !e.closest("svg svg, a, button") && (roleOf(e) !== "img" || !nameOf(e)))
        found.push(`a picture without role and name: ${tell(e)}`);
    if (e.localName === "canvas" && (roleOf(e) !== "img" || !nameOf(e)))
        found.push(`a picture without role and name: ${tell(e)}`);
    if (e.matches("th") && !e.scope)
        found.push(`th without scope: ${tell(e)}`);
}

function checkAria(found, e) {
    const told = e.getAttribute("role");
    if (told !== null && !ROLES.has(told.trim()))
        found.push(`role ${told}: ${tell(e)}`);
    for (const {name, value} of e.attributes) {
        if (!name.startsWith("aria-"))
            continue;
        const rule = ARIA[name.slice(5)];
        const good = rule === null ? true : rule === undefined ? false : rule === "number" ? /^-?\d+(\.\d+)?$/.test(value)
            : rule === "ids" ? value.split(/\s+/).every((id) => document.getElementById(id)) : rule.includes(value);
        if (!good)
            found.push(`${name}="${value}": ${tell(e)}`);
    }
    if (Number(e.getAttribute("tabindex")) > 0)
        found.push(`tabindex before all others: ${tell(e)}`);
}

function checkPlace(found, e, role) {
    const wanted = PARENTS[role];
    if (wanted && !["option", "li"].includes(e.localName) && !(e.localName === "th" || e.localName === "td" || e.localName === "tr")) {
        let parent = e.parentElement;
        while (parent && [null, "none"].includes(roleOf(parent)))
            parent = parent.parentElement;
        if (!parent || !wanted.includes(roleOf(parent)))
            found.push(`${role} in ${parent && roleOf(parent)}: ${tell(e)}`);
    }
    const children = CHILDREN[role];
    if (children && !e.querySelector("*") === false && e.getAttribute("role")) {
        const inner = [...e.querySelectorAll("*")].map(roleOf).filter(Boolean);
        if (inner.length && !inner.some((r) => children.includes(r)))
            found.push(`${role} without ${children.join(" or ")}: ${tell(e)}`);
    }
    if (CONTROLS.has(role) && e.localName !== "option" && e.parentElement.closest("a[href], button, summary, [role=button], [role=link], [role=tab]"))
        found.push(`a control in a control: ${tell(e)}`);
}

function checkHeadings(found) {
    const headings = elements().filter((e) => roleOf(e) === "heading");
    const level = (e) => Number(e.getAttribute("aria-level") ?? e.localName.slice(1));
    const inDialog = document.querySelector("dialog:modal");
    if (!inDialog && headings.filter((e) => level(e) === 1).length !== 1)
        found.push(`${headings.filter((e) => level(e) === 1).length} headings of level 1`);
    headings.forEach((e, i) => {
        const before = i > 0 ? level(headings[i - 1]) : inDialog ? 1 : 0;
        if (level(e) > before + 1)
            found.push(`heading ${level(e)} behind ${before}: ${tell(e)}`);
        if (!content(e))
            found.push(`a heading without text: ${tell(e)}`);
    });
}

function checkIds(found) {
    const seen = new Set();
    for (const e of document.querySelectorAll("[id]")) {
        if (seen.has(e.id))
            found.push(`id twice: ${tell(e)}`);
        seen.add(e.id);
    }
}

function checkDocument(found) {
    if (!document.documentElement.lang)
        found.push("no language");
    if (!document.title.trim())
        found.push("no title");
    if (document.querySelectorAll("main").length !== 1)
        found.push("not one main");
}

/* ---- contrast ---- */

const canvas = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
const colours = new Map();
function rgba(text) {
    if (!colours.has(text)) {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = text;
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
        colours.set(text, [r, g, b, a / 255]);
    }
    return colours.get(text);
}

function over([r, g, b, a], [r2, g2, b2]) {
    return [r * a + r2 * (1 - a), g * a + g2 * (1 - a), b * a + b2 * (1 - a), 1];
}

function luminance([r, g, b]) {
    const [x, y, z] = [r, g, b].map((c) => c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
}

function ratio(a, b) {
    const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (light + 0.05) / (dark + 0.05);
}

/* In a picture: the text's own rim, where it has a wide one that is drawn first; else the shape drawn last before the text and under its
 * middle. */
function shapeBehind(e) {
    const own = getComputedStyle(e);
    if (own.paintOrder.startsWith("stroke") && own.stroke !== "none" && parseFloat(own.strokeWidth) >= 3)
        return rgba(own.stroke);
    const {left, top, width, height} = e.getBoundingClientRect(), x = left + width / 2, y = top + height / 2;
    const under = [...e.ownerSVGElement.querySelectorAll("circle, rect, path, ellipse, polygon")].filter((shape) =>
        shape.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_FOLLOWING && getComputedStyle(shape).fill !== "none" &&
        shape.isPointInFill(new DOMPoint(x, y).matrixTransform(shape.getScreenCTM().inverse()))).at(-1);
    if (!under)
        return null;
    const style = getComputedStyle(under), [r, g, b, a] = rgba(style.fill);
    return [r, g, b, a * Number(style.fillOpacity) * Number(style.opacity)];
}

/* What lies behind the content of an element. */
function backOf(e) {
    const layers = [];
    const shape = e.ownerSVGElement && shapeBehind(e);
    if (shape?.[3] > 0)
        layers.push(shape);
    for (let i = e; i; i = i.parentElement) {
        const style = getComputedStyle(i), [r, g, b, a] = rgba(style.backgroundColor);
        if (a > 0)
            layers.push([r, g, b, a]);
        if (a >= 0.999 || (i.matches("dialog:modal") && a > 0))
            break;
    }
    const canvasColour = getComputedStyle(document.documentElement).colorScheme.includes("dark") ? [18, 18, 18, 1] : [255, 255, 255, 1];
    return layers.reduceRight((below, layer) => over(layer, below), canvasColour);
}

function opacityOf(e) {
    let opacity = 1;
    for (let i = e; i; i = i.parentElement)
        opacity *= Number(getComputedStyle(i).opacity);
    return opacity;
}

function inSight(rect) {
    return rect.width > 1 && rect.height > 1 && rect.bottom > 0 && rect.right > 0 && rect.top < innerHeight && rect.left < innerWidth;
}

function judge(found, e, colour, what) {
    const style = getComputedStyle(e), size = parseFloat(style.fontSize), back = backOf(e);
    const [r, g, b, a] = rgba(colour);
    const seen = over([r, g, b, a * opacityOf(e)], back);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const wanted = large ? 3 : 4.5, is = ratio(seen, back);
    if (is < wanted - 0.005)
        found.add(`contrast ${is.toFixed(2)} < ${wanted}${what}: ${tell(e)}`);
}

function contrast() {
    const found = new Set();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    let texts = 0;
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const e = node.parentElement;
        if (!node.data.trim() || !e.checkVisibility({checkVisibilityCSS: true, checkOpacity: true}) || behindDialog(e))
            continue;
        if (e.closest("script, style, noscript, option, :disabled, [aria-disabled=true]"))
            continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        if (![...range.getClientRects()].some(inSight))
            continue;
        texts++;
        judge(found, e, e.namespaceURI.endsWith("svg") ? getComputedStyle(e).fill : getComputedStyle(e).color, "");
    }
    for (const e of document.querySelectorAll("input:not([type=checkbox], [type=radio], :disabled), select:not(:disabled), textarea:not(:disabled)"))
        if (exists(e) && inSight(e.getBoundingClientRect())) {
            judge(found, e, getComputedStyle(e).color, " (its text)");
            if (e.placeholder && !e.value)
                judge(found, e, getComputedStyle(e, "::placeholder").color, " (placeholder)");
        }
    return {found: [...found], texts};
}

/* ---- width and focus ---- */

function width() {
    const found = [];
    for (const e of [document.documentElement, document.body, document.querySelector("main")])
        if (e.scrollWidth > e.clientWidth + 1)
            found.push(`${e.localName} is ${e.scrollWidth} wide where there are ${e.clientWidth}`);
    if (found.length)
        for (const e of elements()) {
            const rect = e.getBoundingClientRect();
            if (rect.right > innerWidth + 1 && !e.parentElement.closest(".table, .grid, #nav"))
                found.push(`reaches to ${Math.round(rect.right)}: ${tell(e)}`);
        }
    return found.slice(0, 12);
}

/* The element that has the focus: its place in the document, and whether one sees that it has it. */
function focused() {
    const e = document.activeElement;
    if (!e || e === document.body || e === document.documentElement)
        return null;
    const rect = e.getBoundingClientRect(), style = getComputedStyle(e), found = [];
    const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
    if (!outlined)
        found.push(`the focus is not seen: ${tell(e)}`);
    else if (style.outlineStyle !== "auto") {
        const inner = parseFloat(style.outlineOffset) < 0, back = backOf(inner ? e : e.parentElement);
        if (ratio(over(rgba(style.outlineColor), back), back) < 3)
            found.push(`the focus is hardly seen: ${tell(e)}`);
    }
    const x = Math.min(Math.max(rect.left + rect.width / 2, 0), innerWidth - 1), y = Math.min(Math.max(rect.top + Math.min(rect.height / 2, 20), 0), innerHeight - 1);
    const top = document.elementFromPoint(x, y);
    if (!inSight(rect))
        found.push(`focused out of sight: ${tell(e)}`);
    else if (top && !e.contains(top) && !top.contains(e) && !e.labels?.length)
        found.push(`the focused lies under ${tell(top)}: ${tell(e)}`);
    return {index: [...document.querySelectorAll("*")].indexOf(e), name: tell(e), found};
}

function check() {
    const found = [];
    checkDocument(found);
    checkIds(found);
    checkHeadings(found);
    for (const e of elements()) {
        const role = roleOf(e);
        checkNames(found, e, role);
        checkAria(found, e);
        checkPlace(found, e, role);
    }
    const seen = contrast();
    return {found: [...new Set([...found, ...seen.found, ...width()])], controls: elements().filter((e) => CONTROLS.has(roleOf(e))).length, texts: seen.texts};
}

/* name: a part of it; the whole of it where it begins with "=". */
function find(role, name, within) {
    return elements().filter((e) => roleOf(e) === role && (!within || within.contains(e)) &&
        (!name || (name.startsWith("=") ? nameOf(e) === name.slice(1) : nameOf(e).includes(name))));
}

window.a11y = {check, find, focused, contrast, nameOf, roleOf};
})();
