// A finished analysis: the report's own page, taken into this one.
import { button, el, save } from "./elements.js";
import { sliders } from "./report/sliders.js";
import { words } from "./words.js";

// Resolves to the element that shows it. The server's template has made text of all that a file or
// a report brings (verifier/report/template); this page's policy runs no script that stands in it.
export async function reportView(client, analysis) {
  const page = await (await client.blob(analysis, "report?format=html")).text();
  const article = new DOMParser().parseFromString(page, "text/html").querySelector("article");
  const view = document.adoptNode(article);
  lower(view);
  view.querySelector(".verdict").after(downloads(client, analysis));
  sliders(view);
  return view;
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
