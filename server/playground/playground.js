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
const state = { file: null, fileUrl: null, handle: null, asks: 0, answer: null, caption: "" };

class Refused extends Error {
  constructor(problem) { super(problem.detail); this.problem = problem; }
}

async function call(path, body, type) {
  const headers = { "Content-Type": type };
  const key = find("key").value;
  if (key) headers["X-Api-Key"] = key;
  const response = await fetch(path, { method: "POST", headers, body });
  const data = await response.json();
  if (!response.ok) throw new Refused(data);
  return data;
}

function make(name, attributes = {}, text = null, space = null) {
  const node = space ? document.createElementNS(space, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== null) node.textContent = text;
  return node;
}

function usePhoto(file, caption) {
  if (state.fileUrl) URL.revokeObjectURL(state.fileUrl);
  Object.assign(state, { file, fileUrl: URL.createObjectURL(file), handle: null, answer: null, caption });
  find("photo").src = state.fileUrl;
  find("caption").textContent = caption;
  find("view").style.transform = "none";
  drawAnswer();
}

async function useSample() {
  const response = await fetch("/playground/sample.jpg");
  usePhoto(await response.blob(), "Sample: Eileen Collins (NASA, public domain)");
}

async function askPhoto(instruction, perspective) {
  for (let attempt = 0; ; attempt++) {
    if (!state.handle) state.handle = (await call("/v1/images", state.file, state.file.type || "application/octet-stream")).handle;
    const request = { image: { handle: state.handle }, instruction, perspective };
    try {
      return (await call("/v1/ask", JSON.stringify(request), "application/json")).answers[0];
    } catch (error) {
      // The handle has ended: the photo is still here, so open it again, once.
      if (attempt > 0 || !(error instanceof Refused) || error.problem.code !== "unknown_handle") throw error;
      state.handle = null;
    }
  }
}

async function ask() {
  const turn = ++state.asks;
  const instruction = find("instruction").value;
  const perspective = find("perspective").value;
  find("status").textContent = "Asking…";
  const patience = setTimeout(() => { find("status").textContent = "Asking… the model may still be loading."; }, 1500);
  try {
    const meaning = await call("/v1/parse", JSON.stringify({ instruction, perspective }), "application/json");
    if (turn !== state.asks) return;
    showMeaning(meaning);
    const answer = await askPhoto(instruction, perspective);
    if (turn !== state.asks) return;
    showAnswer(answer);
    find("status").textContent = "";
  } catch (error) {
    if (turn !== state.asks) return;
    showProblem(error instanceof Refused ? error.problem : { detail: "The server cannot be reached." }, instruction);
  } finally {
    clearTimeout(patience);
  }
}

function showMeaning(meaning) {
  find("problem").hidden = true;
  find("result").hidden = false;
  find("canonical").textContent = meaning.canonical;
  find("count").textContent = meaning.count === null ? "The picture tells how many points." : `${countOf(meaning.count, "point")} on each face.`;
  find("notes").replaceChildren(...meaning.notes.map((note) => make("li", {}, note)));
}

function showAnswer(answer) {
  state.answer = answer;
  // Now with what was decided about the photo.
  find("notes").replaceChildren(...answer.notes.map((note) => make("li", {}, note)));
  const { width, height } = answer.image_size;
  // A photo that only the server can read keeps its shape.
  find("frame").style.setProperty("--aspect", width / height);
  find("caption").textContent = `${width} × ${height} pixels, ${answer.faces_found > answer.faces.length ? `${answer.faces.length} of ` : ""}${countOf(answer.faces_found, "face")}, ${countOf(answer.points.length, "point")}, model ${answer.model_version}`;
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
  for (const outline of answer.outlines) layer.append(drawOutline(answer, outline));
  for (const run of splitRuns(answer.points)) {
    const color = COLORS[run[0].part] || "#c8c8c8";
    const radius = dotRadius(answer, run[0].face);
    for (const point of run) {
      if (find("errors").checked) {
        const [rx, ry, degrees] = point.error_ellipse;
        layer.append(make("ellipse", { cx: point.x, cy: point.y, rx, ry, transform: `rotate(${degrees} ${point.x} ${point.y})`, fill: color, "fill-opacity": 0.18, stroke: color, "stroke-width": radius * 0.25 }, null, SVG));
      }
      const reason = whyNotSeen(point);
      const look = reason ? { class: "dot unseen", fill: "none", style: `stroke: ${color}`, "stroke-width": radius * 0.5 }
        : { class: "dot", fill: color, "stroke-width": radius * 0.4 };
      const dot = make("circle", { cx: point.x, cy: point.y, r: radius, ...look }, null, SVG);
      dot.append(make("title", {}, `${point.name} (${point.x.toFixed(1)}, ${point.y.toFixed(1)})${reason ? `, probably ${reason}` : ""}`, SVG));
      layer.append(dot);
    }
  }
  overlay.append(layer);
}

function dotRadius(answer, face) {
  const box = answer.faces[face].box;
  return Math.sqrt((box[2] - box[0]) * (box[3] - box[1])) / 60;
}

// A ring with its holes, or a line.
function drawOutline(answer, { face, shape, points, holes }) {
  const color = COLORS[answer.points[points[0]].part] || "#c8c8c8";
  const [line, ...cut] = [points, ...holes].map((ring) => ring.map((i) => `${answer.points[i].x},${answer.points[i].y}`).join(" "));
  const look = { fill: shape === "polygon" ? color : "none", "fill-opacity": 0.35, stroke: color, "stroke-width": dotRadius(answer, face) * 0.7, "stroke-linejoin": "round" };
  if (!cut.length) return make(shape, { points: line, ...look }, null, SVG);
  return make("path", { d: [line, ...cut].map((ring) => `M ${ring} Z`).join(" "), "fill-rule": "evenodd", ...look }, null, SVG);
}

function whyNotSeen({ visibility }) {
  if (!visibility || visibility.seen >= 0.5) return "";
  const { hidden, turned_away: turned, outside } = visibility;
  if (hidden >= turned && hidden >= outside) return "hidden";
  return turned >= outside ? "turned away" : "outside the photo";
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
  state.answer = null;
  drawAnswer();
  find("status").textContent = "";
  find("caption").textContent = state.caption;
  find("answer").hidden = true;
  find("result").hidden = true;
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
  if (file) { usePhoto(file, file.name); ask(); }
});
find("sample").addEventListener("click", async () => { await useSample(); ask(); });
find("examples").addEventListener("click", (event) => {
  if (event.target instanceof HTMLButtonElement) { find("instruction").value = event.target.textContent; ask(); }
});
useSample().then(ask);
