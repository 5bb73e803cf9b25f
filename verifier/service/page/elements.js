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

export function button(text, act, attributes = {}) {
  return el("button", { type: "button", onclick: act, ...attributes }, text);
}

export function save(blob, name) {
  const link = el("a", { href: URL.createObjectURL(blob), download: printable(name) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
