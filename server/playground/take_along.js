// What one takes along: the answer as a file, the same ask as a program, a link.
import { make } from "./drawing.js";
import { find, state, tell } from "./page.js";
import { fetchFile, openPhoto } from "./service.js";
import { writeSnippet } from "./snippets.js";

const EXPORTS = {
  json: ["/v1/ask", "application/json"], csv: ["/v1/ask", "text/csv"], svg: ["/v1/ask", "image/svg+xml"],
  png: ["/v1/ask", "image/png"], mask: ["/v1/mask", "image/png"],
};

export async function exportAnswer(kind) {
  const [path, accept] = EXPORTS[kind];
  const { instruction, ...settings } = state.asked;
  const region = [...new Set(state.answer.points.map((point) => point.part))].filter((part) => !/^middle|pupil/.test(part)).join("; ");
  const { handle } = await openPhoto(state.photo);
  const file = await fetchFile(path, { image: { handle }, ...settings, ...(kind === "mask" ? { region } : { instruction }) }, accept);
  const link = make("a", { href: URL.createObjectURL(file), download: kind === "mask" ? "mask.png" : `landmarks.${kind}` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  tell(`${link.download} is saved.`);
}

export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    tell(`${what} is copied.`);
  } catch {
    tell(`The browser does not let this page copy: ${text}`);
  }
}

export function showSnippet() {
  if (state.asked) find("snippet").textContent = writeSnippet(find("snippet-kind").value, { origin: location.origin, ...state.asked });
}

export function writeLink({ instruction }) {
  const perspective = find("perspective").value;
  const held = new URLSearchParams({ ask: instruction, ...(perspective !== "viewer" && { perspective }) });
  history.replaceState(null, "", `#${held}`);
}

export function readLink() {
  const held = new URLSearchParams(location.hash.slice(1));
  if (!held.get("ask")) return;
  find("instruction").value = held.get("ask");
  find("perspective").value = ["subject", "both"].includes(held.get("perspective")) ? held.get("perspective") : "viewer";
}
