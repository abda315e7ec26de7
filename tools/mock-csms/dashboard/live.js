/* Events as they happen, from /api/events. EventSource can't send a token, so the stream is read by fetch. */
import {token, url} from "./api.js";

const PAUSE_FIRST = 500, PAUSE_MOST = 15000; // milliseconds

/* Splits a stream of server-sent events; take(type, data, id) for each. */
async function read(body, take) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
        const {value, done} = await reader.read();
        if (done)
            return;
        const blocks = (rest + value).split("\n\n");
        rest = blocks.pop();
        for (const block of blocks) {
            let type = "message", data = "", id = null;
            for (const line of block.split("\n")) {
                if (line.startsWith("event: "))
                    type = line.slice(7);
                else if (line.startsWith("data: "))
                    data += line.slice(6);
                else if (line.startsWith("id: "))
                    id = line.slice(4);
            }
            if (data || id !== null)
                take(type, data, id);
        }
    }
}

function sleep(milliseconds, signal) {
    return new Promise((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        signal.addEventListener("abort", () => {
            clearTimeout(timer);
            resolve();
        }, {once: true});
    });
}

/* Calls event(type, data) with what happens, data parsed, until the signal aborts. lost(): events were missed, all is to be asked
 * for anew; also called when the stream is open for the first time: what is asked for from then on can't be older than
 * an event. state(word): "live" or "waiting". types: a list; station: of one. */
export async function listen({types, station, event, lost, state, signal}) {
    let last = null, pause = PAUSE_FIRST;
    while (!signal.aborted) {
        try {
            const headers = token() ? {Authorization: `Bearer ${token()}`} : {};
            if (last !== null)
                headers["Last-Event-ID"] = last;
            const answer = await fetch(url("/api/events", {types: types.join(), station}), {headers, signal, cache: "no-store"});
            if (!answer.ok)
                throw new Error(`${answer.status}`);
            pause = PAUSE_FIRST;
            state?.("live");
            if (last === null)
                lost?.();
            await read(answer.body, (type, data, id) => {
                if (id !== null)
                    last = id;
                if (type === "lost")
                    lost?.();
                else if (data)
                    event(type, JSON.parse(data));
            });
        } catch (error) {
            if (signal.aborted)
                return;
        }
        state?.("waiting");
        await sleep(pause, signal);
        pause = Math.min(pause * 2, PAUSE_MOST);
    }
}

/* Gathers calls: work() runs at the next frame of the screen, but not more often than every so many milliseconds. */
export function gather(work, every = 0) {
    let waiting = false, last = 0;
    return () => {
        if (waiting)
            return;
        waiting = true;
        const run = () => {
            waiting = false;
            last = performance.now();
            work();
        };
        const left = last + every - performance.now();
        if (left > 0)
            setTimeout(() => requestAnimationFrame(run), left);
        else
            requestAnimationFrame(run);
    };
}
