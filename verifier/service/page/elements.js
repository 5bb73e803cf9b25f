// Building what is shown. Text stays text: nothing of a file or a report is ever taken for HTML.

// What isn't seen as what it is: controls, formats (bidirectional and zero-width ones), halves of
// surrogates, line ends of Unicode; and characters that look like nothing. As channel/printable.py.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\u{e0100}-\u{e01ef}]/gu;

const SHORT = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

export function printable(text) {
  return text.replace(UNSEEN, (character) => {
    if (SHORT[character]) return SHORT[character];
    const code = character.codePointAt(0);
    const digits = code.toString(16);
    if (code < 0x100) return `\\x${digits.padStart(2, "0")}`;
    return code < 0x10000 ? `\\u${digits.padStart(4, "0")}` : `\\U${digits.padStart(8, "0")}`;
  });
}

const shown = (child) => (typeof child === "string" ? printable(child) : child);

export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) element.setAttribute(name, value === true ? "" : shown(value));
  }
  element.append(...children.flat().filter((child) => child != null && child !== "").map(shown));
  return element;
}

export const paragraphs = (texts) => texts.filter(Boolean).map((text) => el("p", {}, text));

export const section = (title, ...content) => el("section", {}, el("h3", {}, title), ...content);

// rows: [heading, text or element]; those without a text are left out.
export function table(rows, attributes = {}) {
  const shown = rows.filter(([, value]) => value);
  const lines = shown.map(([heading, value]) =>
    el("tr", {}, el("th", { scope: "row" }, heading), el("td", {}, value)),
  );
  return el("table", attributes, el("tbody", {}, lines));
}

export function button(text, act, attributes = {}) {
  return el("button", { type: "button", onclick: act, ...attributes }, text);
}

export function slider(text, value, changed) {
  const input = el("input", { type: "range", min: 0, max: 100, value });
  input.addEventListener("input", () => changed(Number(input.value)));
  changed(value);
  return el("label", { class: "slider" }, el("span", {}, text), input);
}

// Nothing where there is nothing to choose; chosen: called with the place of the option.
export function choice(text, options, chosen) {
  if (options.length < 2) return null;
  const list = el("select", {}, options.map((option) => el("option", {}, option)));
  list.addEventListener("change", () => chosen(list.selectedIndex));
  return el("label", {}, `${text} `, list);
}

export function save(blob, name) {
  const link = el("a", { href: URL.createObjectURL(blob), download: printable(name) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
