// The received picture beside what was signed: a slider, and outlines of the parts that differ.
import { el, paragraphs, section, slider } from "./elements.js";
import { words } from "./words.js";

const MOST = 20; // parts that are outlined
const SIDEWAYS = 5; // EXIF orientations from here on are turned by a quarter

// Resolves to sections: none where nothing was compared. Its pictures are fetched first.
export async function comparedView(client, analysis) {
  const { comparison } = analysis.report;
  if (comparison.result === "not made") return [];
  const shown = await pictures(client, analysis);
  return [section(words.comparedWithSigned, paragraphs(comparison.words), shown)];
}

export function recovered(found) {
  if (found.state === "not looked for") return [];
  const { credential } = found;
  const answers = credential ? [credential.integrity.words, credential.revocation.words] : [];
  return [section(words.recovered,
    paragraphs([...found.words, ...answers, ...found.others, ...found.problems]))];
}

async function pictures(client, analysis) {
  const { comparison, input } = analysis.report;
  const received = await address(client, analysis, "picture");
  // It is laid over the received picture where it is known how the two lie to each other.
  const lies = ["same", "changed in parts"].includes(comparison.result)
    && !comparison.changes.some((change) => change.kind === "straightened");
  const signed = await address(client, analysis, lies ? "signed?laid=true" : "signed");
  if (!signed) return null;
  if (!lies) return pair(received, signed);
  const cut = comparison.changes.some((change) => change.kind === "cropped");
  const uncut = cut ? await address(client, analysis, "signed") : null;
  return el("div", {}, swipe(received, signed, outlines(comparison.regions, input)),
    uncut && whole(uncut, analysis.report));
}

async function address(client, analysis, what) {
  try {
    return URL.createObjectURL(await client.blob(analysis, what));
  } catch {
    return null; // it isn't kept any more
  }
}

function swipe(received, signed, { drawn, middle }) {
  const top = el("img", { class: "map", src: signed, alt: words.signedAlt });
  const edge = el("i", { class: "edge" });
  const reveal = (value) => {
    top.style.clipPath = `inset(0 0 0 ${value}%)`;
    edge.style.left = `${value}%`;
  };
  const photo = el("div", { class: "photo" }, el("img", { src: received, alt: words.receivedAlt }),
    top, edge, drawn, tag("left", words.receivedTag), tag("right", words.signedTag));
  return el("figure", {}, photo,
    el("div", { class: "controls" }, slider(words.revealSigned, middle, reveal)),
    el("figcaption", {}, words.swipeCaption));
}

function pair(received, signed) {
  const one = (source, alt, name) =>
    el("div", { class: "photo" }, el("img", { src: source, alt }), tag("left", name));
  return el("figure", {}, el("div", { class: "pair" },
    one(received, words.receivedAlt, words.receivedTag),
    one(signed, words.signedAlt, words.signedTag)), el("figcaption", {}, words.pairCaption));
}

// What was cut away: the signed picture, and the received one outlined in it, if it wasn't turned.
function whole(source, { watermark, recovered: found, input }) {
  const photo = el("div", { class: "photo" }, el("img", { src: source, alt: words.wholeAlt }));
  const { scale, offset, turned, mirrored } = watermark;
  if (scale && offset && !turned && !mirrored && found.photo_width) {
    const [width, height] = upright(input);
    photo.append(outline(...offset, width / scale, height / scale,
      found.photo_width, found.photo_height));
  }
  return el("figure", {}, photo, el("figcaption", {}, words.wholeCaption));
}

const tag = (side, text) => el("span", { class: `tag ${side}` }, text);

// Where parts lie; and where the slider starts: in the middle of the first.
function outlines(regions, input) {
  const [width, height] = upright(input);
  const drawn = regions.slice(0, MOST).map(({ left, top, right, bottom }) =>
    outline(left, top, right - left, bottom - top, width, height));
  const [first] = regions;
  const middle = first ? Math.round((50 * (first.left + first.right)) / width) : 50;
  return { drawn, middle: Math.min(100, Math.max(0, middle)) };
}

function upright(input) {
  const sides = [input.width, input.height];
  return input.orientation < SIDEWAYS ? sides : sides.reverse();
}

function outline(left, top, across, down, width, height) {
  const element = el("i", { class: "region" });
  const percent = (part, whole) => `${(100 * part) / whole}%`;
  Object.assign(element.style, {
    left: percent(left, width), top: percent(top, height),
    width: percent(across, width), height: percent(down, height),
  });
  return element;
}
