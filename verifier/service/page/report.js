// A finished analysis: the report's own page, taken into this one.
import { button, el, save } from "./elements.js";
import { sliders } from "./report/sliders.js";
import { words } from "./words.js";

// Resolves to the element that shows it. The server's template has made text of all that a file or
// a report brings (verifier/report/template); this page's policy runs no script that stands in it.
export async function reportView(client, analysis) {
  const page = await (await client.blob(analysis, "report?format=html")).text();
  const parsed = new DOMParser().parseFromString(articleOf(page), "text/html");
  const view = document.adoptNode(parsed.querySelector("article"));
  lower(view);
  view.querySelector(".verdict").after(downloads(client, analysis));
  sliders(view);
  return view;
}

// Only it is parsed: of the report's own style and script the browser would complain, as this page's
// policy allows neither.
function articleOf(page) {
  const end = "</article>";
  return page.slice(page.indexOf("<article"), page.lastIndexOf(end) + end.length);
}

// This page has a heading of its own above the report's.
function lower(view) {
  for (const heading of view.querySelectorAll("h1, h2")) {
    const level = Number(heading.tagName[1]) + 1;
    heading.replaceWith(el(`h${level}`, level === 2 ? { tabindex: -1 } : {}, heading.textContent));
  }
}

function downloads(client, analysis) {
  const stem = (analysis.report.input.name ?? words.picture).replace(/\.[^.]*$/, "");
  const download = (what, file) => async () => save(await client.blob(analysis, what), file);
  return el(
    "p",
    { class: "buttons" },
    button(words.downloadPage, download("report?format=html", `${stem}.report.html`)),
    button(words.downloadJson, download("report", `${stem}.report.json`)),
  );
}
