/* The calls of REST. What it refuses is an Error with its sentence. */

const KEY = "mock-csms-token";

/* Asked when a token is needed: gives a new one, or null. Set by app.js. */
export const hooks = {token: async () => null};

export class Problem extends Error {
    constructor(status, sentence) {
        super(sentence);
        this.status = status;
    }
}

export function token() {
    return sessionStorage.getItem(KEY);
}

export function setToken(value) {
    if (value)
        sessionStorage.setItem(KEY, value);
    else
        sessionStorage.removeItem(KEY);
}

export function url(path, query) {
    const text = new URLSearchParams(Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null && value !== ""));
    return text.size ? `${path}?${text}` : path;
}

/* path of parts, each percent-encoded: at("stations", id, "frames") */
export function at(...parts) {
    return "/api/" + parts.map((part) => encodeURIComponent(part)).join("/");
}

async function complaint(answer) {
    const text = await answer.text();
    try {
        return new Problem(answer.status, JSON.parse(text).title);
    } catch {
        return new Problem(answer.status, `mock-csms answered ${answer.status}.`);
    }
}

/* The Response. options: query, body (an object: as JSON), raw (a Blob), headers, signal. */
export async function request(method, path, options = {}) {
    const headers = {...options.headers};
    if (options.body !== undefined)
        headers["Content-Type"] = "application/json";
    if (token())
        headers.Authorization = `Bearer ${token()}`;
    let answer;
    try {
        answer = await fetch(url(path, options.query), {
            method, headers, signal: options.signal, cache: "no-store",
            body: options.body !== undefined ? JSON.stringify(options.body) : options.raw,
        });
    } catch (error) {
        throw error.name === "AbortError" ? error : new Problem(0, "mock-csms can't be reached. Is it still running?");
    }
    if (answer.status === 401) {
        const next = await hooks.token(token() ? "This token is not known here." : "This mock-csms asks for a token.");
        if (next) {
            setToken(next);
            return request(method, path, options);
        }
    }
    if (!answer.ok)
        throw await complaint(answer);
    return answer;
}

async function json(method, path, options) {
    const answer = await request(method, path, options);
    return answer.status === 204 ? null : answer.json();
}

export const get = (path, query, signal) => json("GET", path, {query, signal});
export const post = (path, body = {}, signal) => json("POST", path, {body, signal});
export const patch = (path, body, signal) => json("PATCH", path, {body, signal});
export const remove = (path, signal) => json("DELETE", path, {signal});

/* A list page by page: {items, total} each. */
export async function* pages(path, query = {}, signal = undefined) {
    let after = query.after;
    do {
        const answer = await request("GET", path, {query: {...query, after}, signal});
        const next = answer.headers.get("Next-After");
        const total = answer.headers.get("Total-Count");
        after = next === null ? null : decodeURIComponent(next);
        yield {items: await answer.json(), total: total === null ? null : Number(total), next: after};
    } while (after !== null);
}

/* A whole list. */
export async function all(path, query, signal) {
    const items = [];
    for await (const page of pages(path, query, signal))
        items.push(...page.items);
    return items;
}

/* Saves what a GET gives as a file of this name, with the token, which a link could not send. */
export async function download(path, name) {
    const blob = await (await request("GET", path)).blob();
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

/* Sends a file; progress(fraction) meanwhile, until it is there or the signal aborts. The answer's JSON. */
export function upload(path, query, file, progress, signal) {
    return new Promise((resolve, reject) => {
        const x = new XMLHttpRequest();
        x.open("POST", url(path, query));
        if (token())
            x.setRequestHeader("Authorization", `Bearer ${token()}`);
        x.setRequestHeader("Content-Type", "application/octet-stream");
        x.upload.onprogress = (event) => progress?.(event.total ? event.loaded / event.total : 0);
        x.onabort = () => reject(new DOMException("The upload was stopped.", "AbortError"));
        signal?.addEventListener("abort", () => x.abort(), {once: true});
        x.onerror = () => reject(new Problem(0, "The connection broke before the file was there. Try again."));
        x.onload = () => {
            let told = null;
            try {
                told = JSON.parse(x.responseText);
            } catch { /* no JSON: the status says it */ }
            if (x.status >= 200 && x.status < 300)
                resolve(told);
            else
                reject(new Problem(x.status, told?.title ?? `mock-csms answered ${x.status}.`));
        };
        x.send(file);
    });
}
