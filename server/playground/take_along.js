// What one takes along: the answer as a file, the same ask as a program, a link.
import { make } from "./drawing.js";
import { find, state, tell } from "./page.js";
import { askPhoto, fetchFile, Refused, useHandle } from "./service.js";
import { writeSnippet } from "./snippets.js";

const EXPORTS = {
  csv: "text/csv", svg: "image/svg+xml", png: "image/png",
};

export async function exportAnswer(kind) {
  const file = await makeFile(kind);
  const link = make("a", { href: URL.createObjectURL(file), download: kind === "mask" ? "mask.png" : `landmarks.${kind}` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  tell(`${link.download} is saved.`);
}

// JSON is one answer, as Answer.from_json reads it.
async function makeFile(kind) {
  if (kind === "json") return new Blob([JSON.stringify(await askPhoto(state.photo, state.asked))], { type: "application/json" });
  if (kind !== "mask") return useHandle(state.photo, (image) => fetchFile("/v1/ask", { image, ...state.asked }, EXPORTS[kind]));
  const { instruction, ...settings } = state.asked;
  const region = [...new Set(state.answer.points.map((point) => point.part))].filter((part) => !/^middle|pupil/.test(part)).join("; ");
  if (!region) throw new Refused({ detail: "These points enclose nothing that a mask could show: ask for a part or a surface." });
  return useHandle(state.photo, (image) => fetchFile("/v1/mask", { image, ...settings, region }, "image/png"));
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
