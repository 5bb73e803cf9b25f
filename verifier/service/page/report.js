// A finished analysis, in words.
import { button, choice, el, paragraphs, save, section, slider, table } from "./elements.js";
import { comparedView, recovered } from "./signed.js";
import { quoted, words } from "./words.js";

const TONES = { consistent: "for", "evidence against": "against", inconclusive: "open" };
const GOOD = ["intact", "trusted", "not revoked", "not listed", "time-stamped", "confirmed"];
const SILENT = ["inconclusive", "none"]; // findings that are no answer: bars would be read as one
const BAD = ["broken", "revoked", "expired", "untrusted"];

// Resolves to the element that shows it; its pictures are fetched first.
export async function reportView(client, analysis) {
  const { report, in_words: short } = analysis;
  const name = report.input.name ?? words.picture;
  const answers = short.answers.map(({ question, answer }) => [question, answer]);
  return el(
    "article",
    { class: "report", "data-verdict": report.verdict.label },
    verdict(report, short, name),
    ...await comparedView(client, analysis),
    ...steps(report.verdict.next_steps),
    section(words.inShort, table(answers, { class: "short" })),
    await figure(client, analysis, name),
    downloads(client, analysis, name),
    el("div", { class: "grounds" }, credential(report), detectors(report)),
    section(words.way, paragraphs(way(report.channel))),
    ...watermark(report.watermark),
    ...recovered(report.recovered),
    section(words.shared, paragraphs([report.stability.words])),
    section(words.unknown, el("ul", {}, report.verdict.unknown.map((text) => el("li", {}, text)))),
    experts(report),
  );
}

function verdict(report, short, name) {
  return el(
    "header",
    { class: `verdict ${TONES[report.verdict.label]}` },
    el("p", { class: "file" }, name),
    el("h2", { tabindex: -1 }, short.title),
    ...(report.verdict.headline ? [el("p", { class: "headline" }, `${report.verdict.headline}.`)] : []),
    el("p", { class: "summary" }, report.verdict.summary),
    el("p", {}, short.meaning),
    ...(report.verdict.level === "none" ? [] : [el("p", {}, el("b", {}, `${words.howSure}: `), `${short.level}.`)]),
  );
}

function steps(items) {
  return items.length ? [section(words.nextSteps, el("ul", {}, items.map((text) => el("li", {}, text))))] : [];
}

async function figure(client, analysis, name) {
  const source = URL.createObjectURL(await client.blob(analysis, "picture"));
  const photo = el("div", { class: "photo" }, el("img", { src: source, alt: words.pictureAlt(name) }));
  const mapped = analysis.report.detectors.filter((result) => result.patch_map);
  if (!mapped.length) return el("figure", {}, photo, el("figcaption", {}, words.noMap));
  const layers = await Promise.all(mapped.map(async (result) =>
    URL.createObjectURL(await client.blob(analysis, `maps/${result.name}`))));
  const map = el("img", { class: "map", alt: "" });
  const caption = el("figcaption");
  const legend = el("span", { class: "scale" });
  const lay = (number) => {
    const drawn = mapped[number].patch_map;
    map.src = layers[number];
    caption.textContent = drawn.words;
    legend.replaceChildren(...scale(drawn.low, drawn.high));
  };
  lay(0);
  photo.append(map);
  const strength = slider(words.mapStrength, 80, (value) => (map.style.opacity = value / 100));
  const questions = mapped.map((result) => result.question);
  return el("figure", {}, photo,
    el("div", { class: "controls" }, choice(words.mapOf, questions, lay), strength, legend), caption);
}

// A map says what its ends mean, or it is one of edits.
function scale(low = words.mapUntouched, high = words.mapEdited) {
  return [`${low} `, ...Array.from({ length: 7 }, () => el("i", {})), ` ${high}`];
}

function downloads(client, analysis, name) {
  const stem = name.replace(/\.[^.]*$/, "");
  const download = (what, file) => async () => save(await client.blob(analysis, what), file);
  return el(
    "p",
    { class: "buttons" },
    button(words.downloadPage, download("report?format=html", `${stem}.report.html`)),
    button(words.downloadJson, download("report", `${stem}.report.json`)),
  );
}

function credential(report) {
  const facts = report.credential;
  if (facts.integrity.state === "no credential") {
    return section(words.credential, paragraphs([facts.integrity.words, ...details(facts)]));
  }
  const rows = Object.entries(words.credentialRows).map(([part, question]) => [
    question,
    el("span", {}, el("b", { class: mood(facts[part].state, facts) }, facts[part].state), el("br"),
      facts[part].words),
  ]);
  return section(words.credential, table(rows), el("p", { class: "aside" }, stated(facts)),
    paragraphs(details(facts)));
}

// Faults, what is stated of how the picture was made, and what its ingredients are worth.
function details(facts) {
  return [
    ...facts.faults,
    ...facts.statements.map((statement) => statement.words),
    ...facts.ingredient_answers.map(words.ingredient),
  ];
}

function stated(facts) {
  const { pipeline, pair } = facts.development ?? {};
  const all = { ...facts, pipeline, pair };
  const given = Object.entries(words.statedParts).filter(([part]) => all[part]);
  return words.stated(given.map(([part, name]) => `${name} ${quoted(all[part])}`).join("; "));
}

// Nothing is good of someone who isn't known to have signed.
function mood(state, facts) {
  if (GOOD.includes(state)) return facts.integrity.broken_part === "signature" ? "unsure" : "good";
  return BAD.includes(state) ? "bad" : "unsure";
}

function detectors(report) {
  return section(
    words.detectors,
    paragraphs([report.verdict.statistics]),
    report.detectors.map((result) =>
      el("div", { class: "detector" }, el("h4", {}, result.question),
        paragraphs([...result.reasons, result.limits].filter(Boolean)),
        SILENT.includes(result.finding) ? [] : bars(result)),
    ),
  );
}

function bars(result) {
  const shares = Object.entries(result.probabilities).sort((one, other) => other[1] - one[1]);
  return shares.map(([label, share]) => {
    const name = result.label_words[label] ?? label;
    return el("label", { class: "bar" }, el("span", {}, name),
      el("meter", { min: 0, max: 1, value: share }), el("span", {}, percent(share)));
  });
}

// Certainty is never claimed by rounding.
function percent(share) {
  if (share > 0.999) return "> 99.9 %";
  return share < 0.001 ? "< 0.1 %" : `${(100 * share).toFixed(1)} %`;
}

const watermark = (found) => {
  const own = found.state === "not looked for" ? [] : found.words;
  const said = [...own, ...found.measured.flatMap((one) => one.words)];
  return said.length ? [section(words.watermark, paragraphs(said))] : [];
};

const way = (channel) => [...channel.words, channel.double_compression.words, channel.scale.words];

function experts(report) {
  const rows = words.expertRows;
  const { input, channel } = report;
  const models = report.detectors.filter((result) => result.model).flatMap((result) => [
    [rows.model(result.name), `${result.model.name} ${result.model.version}, ${result.model.sha256}`],
    [rows.scores(result.name), listed(result.scores)],
  ]);
  return el("details", {}, el("summary", {}, words.experts), table([
    [rows.file, words.fileLine(input)],
    [rows.sha256, input.sha256],
    [rows.notes, input.notes.join(" ")],
    [rows.quality, channel.jpeg && `${channel.jpeg.quality} (${channel.jpeg.tables})`],
    ...models,
    [rows.verifier, `camsim ${report.verifier_version}`],
  ]));
}

const listed = (scores) =>
  Object.entries(scores).map(([name, score]) => `${name} ${score.toFixed(3)}`).join(", ");
