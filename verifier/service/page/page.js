// What the page does: takes pictures, shows how far they are and what was found.
import { Client, ServiceProblem } from "./client.js";
import { compareView } from "./compare.js";
import { button, el } from "./elements.js";
import { progress } from "./progress.js";
import { reportView } from "./report.js";
import { words } from "./words.js";

const KEY = "camsim-key";
const place = (name) => document.getElementById(name);
const client = new Client("", sessionStorage.getItem(KEY) ?? "");
let about = { key: false, urls: false, keeps: false, largest_file: Infinity };
let analyses = []; // at most two, finished
let turn = 0; // of the last picture that was given: older ones are shown no more

start();

async function start() {
  for (const element of document.querySelectorAll("[data-word]")) {
    element.textContent = words[element.dataset.word];
  }
  document.title = words.title;
  listen();
  try {
    about = await client.about();
  } catch {
    tell(words.unreachable);
    return;
  }
  place("limit").textContent = words.limit(Math.round(about.largest_file / 1e6));
  place("kept").textContent = about.keeps ? words.kept : words.notKept;
  place("address").hidden = !about.urls;
  place("keyhole").hidden = !about.key;
  place("key").value = client.key;
}

function listen() {
  const zone = place("zone");
  for (const kind of ["dragover", "dragleave", "drop"]) {
    addEventListener(kind, (event) => {
      event.preventDefault();
      zone.classList.toggle("over", kind === "dragover");
    });
  }
  addEventListener("drop", (event) => load(event.dataTransfer.files[0]));
  addEventListener("paste", (event) => {
    const [file] = event.clipboardData.files;
    if (file) load(file);
  });
  place("file").addEventListener("change", (event) => {
    load(event.target.files[0]);
    event.target.value = "";
  });
  place("address").addEventListener("submit", (event) => {
    event.preventDefault();
    load(place("url").value);
  });
  place("key").addEventListener("change", (event) => {
    client.key = event.target.value.trim();
    sessionStorage.setItem(KEY, client.key);
  });
  addEventListener("pagehide", forgetAll);
}

// Starts anew with one picture.
function load(photo) {
  forgetAll();
  place("results").replaceChildren();
  place("comparison").replaceChildren();
  analyse(photo);
}

async function analyse(photo) {
  const mine = ++turn;
  place("problem").replaceChildren();
  if (!photo) return tell(words.empty);
  if (photo.size > about.largest_file) {
    return tell(words.tooLarge(Math.round(about.largest_file / 1e6)));
  }
  const shown = progress(photo.name ?? photo);
  place("progress").replaceChildren(shown.element);
  shown.element.scrollIntoView({ block: "nearest" });
  let problem = "";
  try {
    const analysis = await client.analyse(photo, shown.show);
    if (mine !== turn) return forget(analysis);
    await show(analysis);
  } catch (error) {
    problem = error instanceof ServiceProblem ? error.message : words.unreachable;
  }
  if (mine !== turn) return undefined;
  place("progress").replaceChildren();
  return problem ? tell(problem) : undefined;
}

async function show(analysis) {
  const view = await reportView(client, analysis);
  analyses.push(analysis);
  place("results").append(view);
  if (analyses.length === 1) {
    view.querySelector(".buttons").append(button(words.compare, chooseOther, { class: "other" }));
    view.querySelector("h2").focus();
    return;
  }
  document.querySelector(".other")?.remove();
  const comparison = await compareView(client, ...analyses);
  place("comparison").replaceChildren(comparison);
  comparison.querySelector("h2").focus();
}

function chooseOther() {
  const input = el("input", { type: "file", accept: "image/*" });
  input.addEventListener("change", () => analyse(input.files[0]));
  input.click();
}

function tell(text) {
  place("progress").replaceChildren();
  place("problem").replaceChildren(el("h2", {}, words.failed), el("p", {}, sentence(text)));
}

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1).replace(/\.$/, "")}.`;

// Where the server keeps nothing, what it still holds in memory goes with the page.
function forget(analysis) {
  if (!about.keeps) client.forget(analysis).catch(() => {});
}

function forgetAll() {
  analyses.forEach(forget);
  analyses = [];
}
