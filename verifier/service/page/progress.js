// The parts of an analysis, as they finish.
import { el } from "./elements.js";
import { words } from "./words.js";

export function progress(name) {
  const heading = el("h2", {}, words.working(name));
  const told = el("p", { role: "status" }, words.uploading);
  const bar = el("progress", { max: 1, value: 0, "aria-label": heading.textContent });
  const list = el("ol", { class: "parts" });
  const element = el("section", { class: "progress" }, heading, told, bar, list);
  return { element, show: (analysis) => show(analysis, told, bar, list) };
}

function show(analysis, told, bar, list) {
  const done = analysis.parts.filter((part) => part.state === "done").length;
  bar.max = analysis.parts.length;
  bar.value = done;
  const text =
    analysis.state === "queued" ? words.queued : words.progress(done, analysis.parts.length);
  if (told.textContent !== text) told.textContent = text;
  list.replaceChildren(...analysis.parts.map(line));
}

function line(part) {
  const state =
    part.state === "done" ? words.states.done(part.seconds) : words.states[part.state];
  const name = part.words || part.name;
  return el("li", { class: part.state }, el("span", {}, name), el("span", { class: "state" }, state));
}
