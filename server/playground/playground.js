// The playground: one page over the HTTP API. Nothing is stored, nothing is loaded from elsewhere, and no text from
// outside becomes markup.
"use strict";

const COLORS = {
  "face contour": "#40c4ff", "left eyebrow": "#ffb300", "right eyebrow": "#ffe066", "nose bridge": "#00e676",
  "nose boundary": "#b2ff59", "left eye": "#e040fb", "right eye": "#b388ff", "outer lip": "#ff5252",
  "inner lip": "#ff9eb2", "left pupil": "#ffffff", "right pupil": "#d6e0e6", "middle of left eyebrow": "#ff9100",
  "middle of right eyebrow": "#ffca28", "middle of mouth": "#ff6e40",
};
const MOST_ROWS = 500;
const SHOWN = 36;
const SVG = "http://www.w3.org/2000/svg";
const find = (id) => document.getElementById(id);
// A photo carries its own handle, so that an upload that comes late is never taken for another photo's.
const state = { photo: null, choices: 0, asks: 0, answer: null };

class Refused extends Error {
  constructor(problem) { super(problem.detail); this.problem = problem; }
}

function keyHeaders() {
  const key = find("key").value;
  return key ? { "X-Api-Key": key } : {};
}

async function call(path, body, type) {
  const headers = { "Content-Type": type, ...keyHeaders() };
  const response = await fetch(path, { method: "POST", headers, body });
  return readJson(response);
}

async function readJson(response) {
  let data = null;
  try {
    data = await response.json();
  } catch {
    throw new Refused({ detail: describeStranger(response) });
  }
  if (!response.ok) throw new Refused(typeof data.detail === "string" ? data : { detail: describeStranger(response) });
  return data;
}

// What stands between page and server may answer too: a proxy, with a page of its own.
function describeStranger(response) {
  return `The server answered ${response.status}${response.statusText ? ` (${response.statusText})` : ""}, and not in JSON: something between this page and faceql may have answered in its place.`;
}

function make(name, attributes = {}, text = null, space = null) {
  const node = space ? document.createElementNS(space, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== null) node.textContent = text;
  return node;
}

function usePhoto(file, caption) {
  if (state.photo) URL.revokeObjectURL(state.photo.url);
  state.photo = { file, caption, url: URL.createObjectURL(file), opening: null, isShown: false };
  state.answer = null;
  find("photo").src = state.photo.url;
  find("caption").textContent = caption;
  find("view").style.transform = "none";
  find("answer").hidden = true;
  drawAnswer();
}

async function useSample() {
  const choice = ++state.choices;
  let file = null;
  try {
    const response = await fetch("/playground/sample.jpg");
    if (!response.ok) throw new Refused({ detail: describeStranger(response) });
    file = await response.blob();
  } catch (error) {
    if (choice === state.choices) showProblem(tellError(error), "");
    return;
  }
  // Whoever has chosen a photo meanwhile wants that one.
  if (choice !== state.choices) return;
  usePhoto(file, "Sample: Eileen Collins (NASA, public domain)");
  await ask();
}

// One upload a photo, however often it is asked about meanwhile.
function openPhoto(photo) {
  photo.opening ??= call("/v1/images", photo.file, photo.file.type || "application/octet-stream")
    .catch((error) => { photo.opening = null; throw error; });
  return photo.opening;
}

async function askPhoto(photo, instruction, perspective) {
  for (let attempt = 0; ; attempt++) {
    const { handle } = await openPhoto(photo);
    const request = { image: { handle }, instruction, perspective };
    try {
      return (await call("/v1/ask", JSON.stringify(request), "application/json")).answers[0];
    } catch (error) {
      // The handle has ended: the photo is still here, so open it again, once.
      if (attempt > 0 || !(error instanceof Refused) || error.problem.code !== "unknown_handle") throw error;
      photo.opening = null;
    }
  }
}

// HEIC, TIFF and what else the browser cannot show: the server can.
async function showServersPicture(photo) {
  if (photo.isShown) return;
  photo.isShown = true;
  try {
    const { handle } = await openPhoto(photo);
    const headers = { Accept: "image/png", ...keyHeaders() };
    const response = await fetch(`/v1/images/${handle}/photo?max_side=2048`, { headers });
    if (!response.ok) await readJson(response);
    const picture = await response.blob();
    if (photo !== state.photo) return;
    URL.revokeObjectURL(photo.url);
    photo.url = URL.createObjectURL(picture);
    find("photo").src = photo.url;
  } catch {
    // The ask that goes with the photo tells what is wrong with it.
    photo.isShown = false;
  }
}

async function ask() {
  const photo = state.photo;
  if (!photo) return;
  const turn = ++state.asks;
  const instruction = find("instruction").value;
  const perspective = find("perspective").value;
  find("status").textContent = "Asking…";
  const patience = setTimeout(() => { find("status").textContent = "Asking… the model may still be loading."; }, 1500);
  try {
    const meaning = await call("/v1/parse", JSON.stringify({ instruction, perspective }), "application/json");
    if (turn !== state.asks) return;
    showMeaning(meaning);
    const answer = await askPhoto(photo, instruction, perspective);
    if (turn !== state.asks) return;
    showAnswer(answer, instruction);
    find("status").textContent = "";
  } catch (error) {
    if (turn !== state.asks) return;
    showProblem(tellError(error), instruction);
  } finally {
    clearTimeout(patience);
  }
}

function tellError(error) {
  if (error instanceof Refused) return error.problem;
  console.info(error);
  return { detail: "The server cannot be reached. Is faceql serve still running?" };
}

function showMeaning(meaning) {
  find("problem").hidden = true;
  find("stale").hidden = true;
  find("result").hidden = false;
  find("meaning").hidden = false;
  find("canonical").textContent = meaning.canonical;
  find("count").textContent = meaning.count === null ? "The picture tells how many points." : `${countOf(meaning.count, "point")} on each face.`;
  find("notes").replaceChildren(...meaning.notes.map((note) => make("li", {}, note)));
}

function showAnswer(answer, instruction) {
  state.answer = answer;
  state.asked = instruction;
  // Now with what was decided about the photo.
  find("notes").replaceChildren(...answer.notes.map((note) => make("li", {}, note)));
  const { width, height } = answer.image_size;
  // A photo that only the server can read keeps its shape.
  find("frame").style.setProperty("--aspect", width / height);
  find("caption").textContent = `${width} × ${height} pixels, ${countOf(answer.faces.length, "face")}, ${countOf(answer.points.length, "point")}, model ${answer.model_version}`;
  const parts = new Map();
  for (const point of answer.points) parts.set(point.part, (parts.get(point.part) || 0) + 1);
  find("legend").replaceChildren(...[...parts].map(([part, count]) => {
    const item = make("li");
    const chip = make("svg", { viewBox: "0 0 10 10" }, null, SVG);
    chip.append(make("circle", { cx: 5, cy: 5, r: 4.5, fill: COLORS[part] || "#c8c8c8" }, null, SVG));
    item.append(chip, `${part} ${count}`);
    return item;
  }));
  find("points").replaceChildren(...answer.points.slice(0, MOST_ROWS).map((point, index) => {
    const row = make("tr", { "data-index": index });
    row.append(make("td", {}, point.name), make("td", {}, point.x.toFixed(1)), make("td", {}, point.y.toFixed(1)),
      make("td", {}, point.expected_error.toFixed(1)));
    return row;
  }));
  find("more").textContent = answer.points.length > MOST_ROWS ? `The first ${MOST_ROWS} of ${answer.points.length} points.` : "";
  find("answer").hidden = false;
  drawAnswer();
}

function drawAnswer() {
  const overlay = find("overlay");
  const answer = state.answer;
  overlay.replaceChildren();
  if (!answer) return;
  aimView();
  const { width, height } = answer.image_size;
  overlay.setAttribute("viewBox", `0 0 ${width} ${height}`);
  // SVG calls the outer corner (0, 0); the answer calls the first pixel's centre so.
  const layer = make("g", { transform: "translate(0.5 0.5)" }, null, SVG);
  for (const run of splitRuns(answer.points)) {
    const color = COLORS[run[0].part] || "#c8c8c8";
    const box = answer.faces[run[0].face].box;
    const radius = Math.sqrt((box[2] - box[0]) * (box[3] - box[1])) / 60;
    if (answer.shape) {
      const fill = answer.shape === "polygon" ? color : "none";
      layer.append(make(answer.shape, { points: run.map((p) => `${p.x},${p.y}`).join(" "), fill, "fill-opacity": 0.35, stroke: color, "stroke-width": radius * 0.7, "stroke-linejoin": "round" }, null, SVG));
    }
    for (const point of run) {
      if (find("errors").checked) {
        const [rx, ry, degrees] = point.error_ellipse;
        layer.append(make("ellipse", { cx: point.x, cy: point.y, rx, ry, transform: `rotate(${degrees} ${point.x} ${point.y})`, fill: color, "fill-opacity": 0.18, stroke: color, "stroke-width": radius * 0.25 }, null, SVG));
      }
      const dot = make("circle", { class: "dot", cx: point.x, cy: point.y, r: radius, fill: color, "stroke-width": radius * 0.4 }, null, SVG);
      dot.append(make("title", {}, `${point.name} (${point.x.toFixed(1)}, ${point.y.toFixed(1)})`, SVG));
      layer.append(dot);
    }
  }
  overlay.append(layer);
}

function countOf(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function aimView() {
  // The part of the photo that is shown, as a scale and a shift of the whole, in fractions of the frame.
  const view = find("view");
  const answer = state.answer;
  if (!find("zoom").checked) view.style.transform = "none";
  // Without an answer the view stays where it is: a mistake in the words should not make the photo jump.
  if (!find("zoom").checked || !answer || !answer.points.length) return;
  const { width, height } = answer.image_size;
  const across = [...answer.faces.flatMap((f) => [f.box[0], f.box[2]]), ...answer.points.map((p) => p.x)];
  const down = [...answer.faces.flatMap((f) => [f.box[1], f.box[3]]), ...answer.points.map((p) => p.y)];
  const [left, right] = findRange(across), [top, bottom] = findRange(down);
  const scale = Math.max(1, Math.min(8, width / (1.35 * (right - left)), height / (1.35 * (bottom - top))));
  const shift = (middle) => 100 * Math.min(0, Math.max(1 - scale, 0.5 - scale * middle));
  const x = shift((left + right) / 2 / width), y = shift((top + bottom) / 2 / height);
  view.style.transform = `translate(${x}%, ${y}%) scale(${scale})`;
}

function findRange(values) {
  return values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
}

function markPoint(event) {
  const row = event.target.closest("tr");
  const dots = find("overlay").querySelectorAll(".dot");
  dots.forEach((dot, index) => dot.classList.toggle("marked", row !== null && row.dataset.index === String(index)));
}

function splitRuns(points) {
  const runs = [];
  for (const point of points) {
    const last = runs.length && runs[runs.length - 1][0];
    if (last && last.part === point.part && last.face === point.face) runs[runs.length - 1].push(point);
    else runs.push([point]);
  }
  return runs;
}

function showProblem(problem, instruction) {
  find("status").textContent = "";
  // The last good answer stays, and says what it answers.
  find("meaning").hidden = true;
  find("result").hidden = !state.answer;
  find("stale").hidden = !state.answer;
  find("stale").textContent = state.answer ? `Still shown: the answer to “${state.asked}”.` : "";
  const items = [];
  for (const mistake of problem.problems || [{ message: problem.detail }]) {
    items.push(make("p", {}, mistake.message));
    if (mistake.span) items.push(make("pre", {}, drawCaret(instruction, mistake.span)));
    if (mistake.suggestion) items.push(make("p", { class: "suggestion" }, phraseSuggestion(mistake.suggestion)));
  }
  find("problem").replaceChildren(...items);
  find("problem").hidden = false;
  if (problem.code === "unauthorized") { find("key-box").open = true; find("key").focus(); }
}

function phraseSuggestion(text) {
  // Names to say instead end in a quote; anything else is a sentence of its own.
  return text.endsWith("'") ? `Did you mean ${text}?` : text;
}

function drawCaret(instruction, [start, stop]) {
  // Spans count characters as Python does: code points, not UTF-16 units.
  const letters = Array.from(instruction);
  const begin = letters.lastIndexOf("\n", start - 1) + 1;
  const end = letters.indexOf("\n", start) < 0 ? letters.length : letters.indexOf("\n", start);
  // The words at fault, with as much around them as the panel is wide.
  const cut = end - begin > SHOWN ? Math.max(begin, Math.min(start - 12, end - SHOWN)) : begin;
  const shown = letters.slice(cut, Math.min(end, Math.max(cut + SHOWN, stop)));
  if (cut > begin) shown[0] = "…";
  const line = shown.join("").replace(/\t/g, " ");
  return `${line}\n${" ".repeat(start - cut)}${"^".repeat(Math.max(1, Math.min(stop, end) - start))}`;
}

find("form").addEventListener("submit", (event) => { event.preventDefault(); ask(); });
find("instruction").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); ask(); }
});
find("perspective").addEventListener("change", ask);
find("errors").addEventListener("change", drawAnswer);
find("zoom").addEventListener("change", aimView);
find("key").addEventListener("change", ask);
find("points").addEventListener("mouseover", markPoint);
find("points").addEventListener("mouseout", markPoint);
find("photo").addEventListener("load", (event) => {
  const { naturalWidth, naturalHeight } = event.target;
  find("frame").style.setProperty("--aspect", naturalWidth / naturalHeight);
});
find("file").addEventListener("change", (event) => {
  const [file] = event.target.files;
  // Or choosing the same file again would be no change.
  event.target.value = "";
  if (!file) return;
  state.choices++;
  usePhoto(file, file.name);
  ask();
});
find("photo").addEventListener("error", () => { if (state.photo) showServersPicture(state.photo); });
find("sample").addEventListener("click", useSample);
find("examples").addEventListener("click", (event) => {
  if (event.target instanceof HTMLButtonElement) { find("instruction").value = event.target.textContent; ask(); }
});
useSample();
