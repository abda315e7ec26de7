/* Counts on top of a list, each also a filter. */
import {el, setAttribute, setText} from "./dom.js";
import {number} from "./format.js";

/* items: [[key, word, tone, help], …]; choose(key) when one is pressed.
 * show(count, chosen, hides): count(key) is the number of each; hides(key, count): whether it is not there now. */
export function makeTiles(label, items, choose) {
    const tiles = items.map(([key, word, tone, help]) => {
        const figure = el("strong", {}, "–");
        return {key, figure, button: el("button", {type: "button", class: "tile", "data-tone": tone, title: help, on: {click: () => choose(key)}},
                                        figure, el("span", {}, word))};
    });
    return {element: el("div", {class: "tiles", role: "group", "aria-label": label}, tiles.map((t) => t.button)),
            show(count, chosen, hides = () => false) {
                for (const {key, figure, button} of tiles) {
                    const n = count(key);
                    setText(figure, number(n));
                    button.hidden = key !== chosen && hides(key, n);
                    setAttribute(button, "aria-pressed", String(key === chosen));
                }
            }};
}
