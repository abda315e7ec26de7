/* A new roll-out, in steps. What is entered is kept in this tab until it is made. */
import {all, at, post} from "./api.js";
import {action, confirm, el, note, replace, setAttribute, trouble} from "./dom.js";
import {number} from "./format.js";
import {start} from "./rollout-act.js";
import {bodyOf, check, newDraft, sentencesOf, wholeSentences} from "./rollout-plan.js";
import {stepGroups, stepLimits, stepWhat, suggestions} from "./rollout-steps.js";
import {stationAddress} from "./stations.js";

const KEY = "mock-csms-rollout"; // of what is kept
const STEPS = ["What", "Groups", "Limits", "Preview"];
const LISTED_MOST = 500; // stations of a group

function readDraft() {
    try {
        return {...newDraft(), ...JSON.parse(sessionStorage.getItem(KEY) ?? "{}")};
    } catch {
        return newDraft();
    }
}

function stationList(group) {
    const list = group.stations ?? [], some = list.slice(0, LISTED_MOST);
    return el("details", {}, el("summary", {}, "Which stations"),
              el("ul", {class: "rollout-list"}, some.map((id) => el("li", {}, el("a", {href: stationAddress(id)}, id)))),
              list.length > some.length ? el("p", {class: "quiet"}, `and ${number(list.length - some.length)} more.`) : null);
}

/* Makes it, and asks whether it is to be started. */
async function create(form, begin) {
    const made = await post(at("rollouts"), bodyOf(form.draft));
    sessionStorage.removeItem(KEY);
    if (begin)
        await start(made.id, () => {}).catch((error) => note(error.message, "bad"));
    location.hash = `#/rollouts/${made.id}`;
}

async function stepPreview(form) {
    let r;
    try {
        r = await post(at("rollouts", "preview"), bodyOf(form.draft), form.signal);
    } catch (error) {
        if (error.name === "AbortError")
            throw error;
        return [trouble(error, "Go back to mend it: all that you entered is kept.")];
    }
    form.last = el("div", {class: "buttons"}, action("Create", () => create(form, false), {operator: true}),
        action("Create and start …", () => create(form, true), {operator: true, class: "main"}));
    return [
        el("div", {class: "card"}, el("h3", {}, r.name), wholeSentences(form.draft, r).map((s) => el("p", {}, s))),
        r.groups.map((g, i) => el("section", {class: "card", "aria-label": g.name},
                         el("div", {class: "head"}, el("h3", {}, `${i + 1}. ${g.name}`), el("strong", {}, number(g.size)),
                             el("span", {class: "quiet"}, g.size === 1 ? "station" : "stations")),
                         el("ul", {}, sentencesOf(form.draft, r, i).map((s) => el("li", {}, s))), stationList(g))),
        el("p", {class: "quiet"}, "Nothing is told to any station until it is started."),
    ];
}

/* Shows what is wrong: on top, and at each field. */
function showWrong(form, box, body, wrong) {
    for (const old of body.querySelectorAll(".rollout-wrong"))
        old.remove();
    for (const input of form.inputs.values())
        setAttribute(input, "aria-invalid", null);
    for (const [key, sentence] of wrong) {
        const input = form.inputs.get(key);
        setAttribute(input ?? box, "aria-invalid", "true");
        const place = input?.closest(".field, .rollout-conditions"), told = el("small", {class: "rollout-wrong"}, sentence);
        if (place)
            place.append(told);
        else
            input?.after(told);
    }
    replace(box,
        wrong.length === 0 ? null
                           : el("div", {class: "trouble", role: "alert"},
                                 el("strong", {}, wrong.length === 1 ? "One thing is to be mended:" : `${wrong.length} things are to be mended:`),
                                 el("ul", {}, wrong.map(([, sentence]) => el("li", {}, sentence)))));
    form.inputs.get(wrong[0]?.[0])?.focus();
}

export async function show(main, {query, signal}) {
    const files = (await all(at("firmware"), {}, signal)).filter((f) => f.status !== "missing");
    const draft = readDraft();
    if (query.firmware)
        Object.assign(draft, {source: "firmware", firmware: query.firmware});
    else if (files.length === 0 && draft.firmware === "")
        draft.source = "location";
    const form = {draft, signal, inputs: new Map(), last: null,
                  changed: () => sessionStorage.setItem(KEY, JSON.stringify(draft)), again: (key) => open(step, key)};
    let step = 0, furthest = 0;
    const steps = el("ol", {class: "rollout-steps"}), wrong = el("div"), body = el("div", {class: "rollout-step"}),
          foot = el("div", {class: "buttons rollout-foot"});
    const makers = [() => stepWhat(form, files), () => stepGroups(form), () => stepLimits(form), () => stepPreview(form)];

    const next = async (to) => {
        for (let s = step; s < to; s++) {
            const found = await check(draft, s);
            if (found.length > 0) {
                if (s !== step)
                    await open(s);
                showWrong(form, wrong, body, found);
                return;
            }
        }
        await open(to);
        steps.scrollIntoView({block: "nearest"});
    };
    const showSteps = () => replace(steps, STEPS.map((word, i) => el("li", {}, action(word, () => (i > step ? next(i) : open(i)),
        {class: "quiet", "aria-current": i === step ? "step" : null, "data-done": i < furthest}))));
    const showFoot = () => replace(foot, step > 0 ? action("Back", () => open(step - 1)) : null,
        action("Start over", async () => {
            if (await confirm("Start over?", el("p", {}, "All that you entered here is gone then."), "Start over", "bad")) {
                sessionStorage.removeItem(KEY);
                Object.assign(draft, newDraft());
                furthest = 0;
                await open(0);
            }
        }, {class: "quiet"}), step < STEPS.length - 1 ? el("button", {type: "submit", class: "main rollout-next-step"}, "Next") : form.last);
    const open = async (to, focus) => {
        form.inputs.clear();
        form.last = null;
        const parts = await makers[to]();
        if (signal.aborted)
            return;
        step = to;
        furthest = Math.max(furthest, step);
        replace(wrong);
        replace(body, el("h2", {}, `${step + 1}. ${STEPS[step]}`), parts);
        showSteps();
        showFoot();
        (form.inputs.get(focus) ?? steps.querySelector("[aria-current]"))?.focus({preventScroll: focus === undefined});
    };
    const sheet = el("form", {novalidate: true, class: "rollout-new", on: {submit: (event) => {
        event.preventDefault();
        next(step + 1).catch((error) => replace(wrong, trouble(error)));
    }}}, wrong, body, foot);
    replace(main, el("p", {class: "quiet rollout-back"}, el("a", {href: "#/rollouts"}, "Roll-outs")),
        el("div", {class: "head"}, el("h1", {}, "New roll-out")), el("nav", {"aria-label": "Steps"}, steps), sheet);
    await open(0);
    suggestions(signal).then((lists) => sheet.append(...lists)).catch(() => {});
}
