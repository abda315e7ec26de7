/* A new roll-out, in steps. */
import {empty, replace} from "./dom.js";

export async function show(main) {
    replace(main, empty("New roll-out", "POST /api/rollouts makes one."));
}
