/* Numbers, sizes and times as people read them. Times are told both ways: how long ago, and exactly. */
import {el} from "./dom.js";

const whole = new Intl.NumberFormat("en");
const exactly = new Intl.DateTimeFormat("en-GB", {dateStyle: "medium", timeStyle: "medium"});
const clock = new Intl.DateTimeFormat("en-GB", {timeStyle: "medium"});

export function number(n) {
    return whole.format(n);
}

/* What is not known is a dash. */
export function orDash(value) {
    return value ?? "–";
}

/* Compares texts as people order names: A2 before A10. */
export const byName = new Intl.Collator("en", {numeric: true}).compare;

export function percent(part, all) {
    return all > 0 ? `${Math.round(100 * part / all)} %` : "–";
}

export function bytes(n) {
    const units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let i = 0;
    for (; n >= 1024 && i < units.length - 1; i++)
        n /= 1024;
    return `${i === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)} ${units[i]}`;
}

/* A number of seconds: "3 s", "4 min", "2 h 5 min", "3 d". */
export function duration(seconds) {
    const s = Math.round(seconds);
    if (s < 60)
        return `${s} s`;
    if (s < 3600)
        return `${Math.floor(s / 60)} min`;
    if (s < 86400)
        return `${Math.floor(s / 3600)} h${s % 3600 >= 60 ? ` ${Math.floor(s % 3600 / 60)} min` : ""}`;
    return `${Math.floor(s / 86400)} d`;
}

export function relative(when, now = Date.now()) {
    const seconds = (now - when) / 1000;
    if (Math.abs(seconds) < 2)
        return "now";
    return seconds > 0 ? `${duration(seconds)} ago` : `in ${duration(-seconds)}`;
}

export function exact(when) {
    return exactly.format(when);
}

/* The time of day alone. */
export function timeOfDay(when) {
    return clock.format(when);
}

/* An element that tells how long ago, and exactly beside it or (short) on top of it; it keeps itself up to date. */
export function time(text, short) {
    if (!text)
        return el("span", {class: "none"}, "–");
    const when = new Date(text);
    const since = el("time", {datetime: text, title: `${exact(when)} (${text})`, "data-since": when.getTime()}, relative(when));
    return short ? since : el("span", {class: "when"}, since, " ", el("small", {}, exact(when)));
}

setInterval(() => {
    const now = Date.now();
    for (const element of document.querySelectorAll("time[data-since]")) {
        const text = relative(Number(element.dataset.since), now);
        if (element.textContent !== text)
            element.textContent = text;
    }
}, 5000);
