/* The dashboard's frame: navigation, who one is, whether what is shown is live. Each page is a module of its own whose show() fills
 * the main part until its signal aborts. */
import {get, hooks, setToken} from "./api.js";
import {el, replace, setAttribute, setText, trouble} from "./dom.js";
import {listen} from "./live.js";

/* The first part of the address behind "#/": module, word in the navigation (null: no place there). */
const PAGES = {
    __proto__: null, // what stands in the address may be any word
    fleet:    ["./fleet.js",    "Fleet"],
    station:  ["./station.js",  null],
    firmware: ["./firmware.js", "Firmware"],
    push:     ["./push.js",     "Push"],
    rollouts: ["./rollouts.js", "Roll-outs"],
    logs:     ["./logs.js",     "Logs"],
};
const BELONGS = {station: "fleet"}; // where the navigation says one is
const THEMES = ["auto", "light", "dark"];

const main = document.getElementById("main");
let leaving = new AbortController();

/* "#/rollouts/3?tab=x": ["rollouts", "3"] and {tab: "x"}. */
function readAddress() {
    const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
    return {parts: path.split("/").filter(Boolean).map(decodeURIComponent), query: Object.fromEntries(new URLSearchParams(query ?? ""))};
}

function showNavigation(name) {
    const nav = document.getElementById("nav");
    if (!nav.firstChild)
        nav.append(...Object.entries(PAGES).filter(([, [, word]]) => word)
            .map(([key, [, word]]) => el("a", {href: `#/${key}`, "data-page": key}, word)));
    for (const link of nav.children)
        setAttribute(link, "aria-current", link.dataset.page === (BELONGS[name] ?? name) ? "page" : null);
}

async function open() {
    const {parts, query} = readAddress();
    const name = parts[0] ?? "fleet";
    leaving.abort();
    leaving = new AbortController();
    const {signal} = leaving;
    showNavigation(name);
    if (!PAGES[name]) {
        document.title = "mock-csms";
        replace(main, el("h1", {}, "Not here"), trouble("There is no such page.", el("a", {href: "#/fleet"}, "To the fleet")));
        return;
    }
    try {
        const page = await import(PAGES[name][0]);
        if (signal.aborted)
            return;
        document.title = `${page.title} · mock-csms`;
        main.dataset.page = name;
        main.replaceChildren();
        main.scrollTop = 0;
        await page.show(main, {parts: parts.slice(1), query, signal});
    } catch (error) {
        if (!signal.aborted)
            replace(main, el("h1", {}, "Something went wrong"), trouble(error, el("button", {type: "button", on: {click: open}}, "Try again")));
    }
}

/* Asks for a token; one dialog however many calls wait for it. */
let asking = null;
hooks.token = (sentence) => {
    asking ??= new Promise((resolve) => {
        const input = el("input", {type: "password", autocomplete: "off", required: true, id: "token", name: "token"});
        const dialog = el("dialog", {"aria-label": "Token"},
            el("form", {method: "dialog"}, el("h2", {}, "Token"), el("p", {}, sentence, " It is kept in this tab until it is closed."),
               el("div", {class: "field"}, el("label", {for: "token"}, "Token (read or operator)"), input),
               el("div", {class: "buttons"}, el("button", {type: "submit", class: "main"}, "Sign in"))));
        dialog.addEventListener("close", () => {
            dialog.remove();
            asking = null;
            resolve(input.value.trim() || null);
        });
        document.body.append(dialog);
        dialog.showModal();
    });
    return asking;
};

/* Who one is: what a role may not do can't be pressed. */
async function showRole() {
    const badge = document.getElementById("role");
    const self = await get("/api/self");
    document.documentElement.dataset.role = self.role;
    setText(badge, self.role);
    setAttribute(badge, "title", self.role === "operator" ? "You may do everything." : "You may look; changing wants an operator's token.");
    if (self.role !== "operator")
        document.getElementById("top").after(el("p", {id: "read-only", role: "note"},
            "Read-only: what is marked ⊘ changes something, and wants a token with the role operator."));
}

function showTheme() {
    const button = document.getElementById("theme");
    let theme = localStorage.getItem("theme") ?? "auto";
    const apply = () => {
        setAttribute(document.documentElement, "data-theme", theme === "auto" ? null : theme);
        setText(button, {auto: "◐", light: "☀", dark: "☾"}[theme]);
        setAttribute(button, "aria-label", `Colours: ${theme}`);
        setAttribute(button, "title", `Colours: ${theme}`);
    };
    button.addEventListener("click", () => {
        theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
        localStorage.setItem("theme", theme);
        apply();
    });
    apply();
}

/* Whether mock-csms is there; what it says of firmware is little, so it is what is listened to. */
function watch() {
    const live = document.getElementById("live");
    listen({types: ["firmware"], signal: new AbortController().signal, event: () => {},
            state: (word) => {
                setText(live, word === "live" ? "live" : "reconnecting");
                setAttribute(live, "data-state", word);
            }});
}

document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    main.focus();
});
window.addEventListener("hashchange", open);
showTheme();
showNavigation(readAddress().parts[0] ?? "fleet");
try {
    await showRole();
} catch (error) {
    setToken(null);
    replace(main, el("h1", {}, "Not yet"), trouble(error, "Load this page anew when that is mended."));
    throw error;
}
watch();
await open();
