// Two finished analyses beside each other.
import { el, paragraphs } from "./elements.js";
import { sliders } from "./report/sliders.js";
import { words } from "./words.js";

export async function compareView(client, first, second) {
  const sources = await Promise.all([first, second].map(async (analysis) =>
    URL.createObjectURL(await client.blob(analysis, "picture"))));
  const view = el(
    "section",
    { class: "compare" },
    el("h2", { tabindex: -1 }, words.compared),
    paragraphs([relation(first.report.input, second.report.input)]),
    swipe(sources, [first, second].map((analysis) => analysis.report.input.name ?? words.picture)),
    answers(first, second),
  );
  sliders(view);
  return view;
}

function relation(one, other) {
  if (one.sha256 === other.sha256) return words.sameFile;
  const same = one.width === other.width && one.height === other.height;
  return same ? words.sameSize : words.otherSize;
}

// The second picture lies over the first; the slider says where one ends and the other begins.
function swipe([below, above], [first, second]) {
  const photo = el("div", { class: "photo" },
    el("img", { src: below, alt: words.pictureAlt(first) }),
    el("img", { class: "map", src: above, alt: words.pictureAlt(second) }),
    el("i", { class: "edge" }));
  const input = el("input", { type: "range", min: 0, max: 100, value: 50, "data-slides": "reveal" });
  const slider = el("label", { class: "slider" }, el("span", {}, words.reveal), input);
  return el("figure", {}, photo, el("div", { class: "controls" }, slider));
}

function answers(first, second) {
  const head = [words.question, words.first, words.second, words.alike];
  const others = new Map(rows(second));
  const lines = rows(first).map(([question, answer]) => {
    const other = others.get(question) ?? "";
    const same = answer === other;
    return el("tr", { class: same ? "" : "differs" }, el("th", { scope: "row" }, question),
      el("td", {}, answer), el("td", {}, other), el("td", {}, same ? words.same : words.differs));
  });
  return el("table", {},
    el("thead", {}, el("tr", {}, head.map((text) => el("th", { scope: "col" }, text)))),
    el("tbody", {}, lines));
}

function rows(analysis) {
  const { report, in_words: short } = analysis;
  return [
    [words.verdict, short.title],
    [words.found, report.verdict.headline],
    [words.file, words.fileLine(report.input)],
    ...short.answers.map(({ question, answer }) => [question, answer]),
  ];
}
