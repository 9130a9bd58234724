// The playground: one page over the HTTP API. Nothing is stored, nothing is loaded from elsewhere, and no text from
// outside becomes markup.
import { Live } from "./live.js";
import { describeProblem } from "./problems.js";
import { askPhoto, callJson, describeStranger, fetchFile, keyHeaders, openPhoto, readJson, Refused, tellError } from "./service.js";
import { colorOf, draw, drawAnswer, drawFaces, make, nameIds, whyNotSeen } from "./drawing.js";
import { writeSnippet } from "./snippets.js";
import { View } from "./view.js";

const MOST_ROWS = 500;
const TOLD_EVERY = 700;
const find = (id) => document.getElementById(id);
// A photo carries its own handle, so that an upload that comes late is never taken for another photo's.
const state = { photo: null, choices: 0, asks: 0, answer: null, asked: null, ids: [], layers: [], layouts: [], faces: null, told: 0, boxes: null, known: [] };
const live = new Live(find("moving"), { onAnswer: showFrame, onProblem: tellLiveProblem, onEnd: leaveCamera });
const view = new View(find("frame"), find("view"), { onBox: drawBox, onTap: tellPoint });

function usePhoto(file, caption) {
  if (live.isOn) { live.stop(); setLive(false); }
  if (state.photo) URL.revokeObjectURL(state.photo.url);
  Object.assign(state, { answer: null, faces: null, boxes: null, known: [], layers: [] });
  state.photo = { file, caption, url: URL.createObjectURL(file), opening: null, isShown: false };
  find("photo").src = state.photo.url;
  find("caption").textContent = caption;
  find("answer").hidden = true;
  find("all").hidden = true;
  view.fit();
  showLayers();
  redraw();
}

function chooseFile(file, caption) {
  state.choices++;
  usePhoto(file, caption);
  return ask();
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

// HEIC, TIFF and what else the browser cannot show: the server can.
async function showServersPicture(photo) {
  if (photo.isShown) return;
  photo.isShown = true;
  try {
    const { handle } = await openPhoto(photo);
    const response = await fetch(`/v1/images/${handle}/photo?max_side=2048`, { headers: { Accept: "image/png", ...keyHeaders() } });
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
  if (live.isOn) { await askLive(); return; }
  const photo = state.photo;
  if (!photo) return;
  const turn = ++state.asks;
  const request = { instruction: find("instruction").value, perspective: find("perspective").value };
  if (state.faces) request.faces = state.faces;
  if (state.boxes) request.boxes = state.boxes;
  find("status").textContent = "Asking…";
  const patience = setTimeout(() => { find("status").textContent = "Asking… the model may still be loading."; }, 1500);
  try {
    const meaning = await callJson("/v1/parse", { instruction: request.instruction, perspective: request.perspective });
    if (turn !== state.asks) return;
    showMeaning(meaning);
    const answer = await askPhoto(photo, request);
    const { faces } = await openPhoto(photo);
    if (turn !== state.asks) return;
    state.known = state.boxes ? answer.faces : faces;
    showAnswer(answer, request);
  } catch (error) {
    if (turn !== state.asks) return;
    showProblem(tellError(error), request.instruction);
  } finally {
    clearTimeout(patience);
  }
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

function showAnswer(answer, request) {
  Object.assign(state, { answer, asked: request, ids: nameIds(answer, state.layouts) });
  // Now with what was decided about the photo.
  find("notes").replaceChildren(...answer.notes.map((note) => make("li", {}, note)));
  const { width, height } = answer.image_size;
  // A photo that only the server can read keeps its shape.
  find("frame").style.setProperty("--aspect", width / height);
  find("caption").textContent = `${width} × ${height} pixels, ${answer.faces_found > answer.faces.length ? `${answer.faces.length} of ` : ""}${countOf(answer.faces_found, "face")}, ${countOf(answer.points.length, "point")}, model ${answer.model_version}`;
  const others = state.known.length - answer.faces.length;
  find("status").textContent = `${countOf(answer.points.length, "point")} on ${countOf(answer.faces.length, "face")}.${others > 0 ? ` ${countOf(others, "more face")} in the photo: click a box, or ask all.` : ""}`;
  find("all").hidden = others <= 0;
  const parts = new Map();
  for (const point of answer.points) parts.set(point.part, (parts.get(point.part) || 0) + 1);
  find("legend").replaceChildren(...[...parts].map(([part, count]) => {
    const item = make("li");
    const chip = draw("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" });
    chip.append(draw("circle", { cx: 5, cy: 5, r: 4.5, fill: colorOf(part) }));
    item.append(chip, `${part} ${count}`);
    return item;
  }));
  find("points").replaceChildren(...answer.points.slice(0, MOST_ROWS).map((point, index) => {
    const row = make("tr", { "data-index": index });
    row.append(make("td", {}, state.ids[index] ? `${state.ids[index]} · ${point.name}` : point.name), make("td", {}, point.x.toFixed(1)), make("td", {}, point.y.toFixed(1)),
      make("td", {}, point.expected_error.toFixed(1)));
    return row;
  }));
  find("more").textContent = answer.points.length > MOST_ROWS ? `The first ${MOST_ROWS} of ${answer.points.length} points.` : "";
  find("answer").hidden = false;
  const held = new URLSearchParams({ ask: request.instruction, ...(request.perspective !== "viewer" && { perspective: request.perspective }) });
  history.replaceState(null, "", `#${held}`);
  showSnippet();
  redraw();
  aimView();
  // On a phone the photo is below the form: what was asked for should come into sight.
  if (matchMedia("(max-width: 50rem)").matches && state.asks > 1) find("frame").scrollIntoView({ behavior: "smooth", block: "nearest" });
}

function countOf(number, word) { return `${number} ${word}${number === 1 ? "" : "s"}`; }

function redraw() {
  // The camera's next frame is drawn anew anyway.
  if (live.isOn) return;
  const overlay = find("overlay");
  const answer = state.answer;
  overlay.replaceChildren();
  find("tip").hidden = true;
  if (!answer) return;
  const { width, height } = answer.image_size;
  overlay.setAttribute("viewBox", `0 0 ${width} ${height}`);
  // SVG calls the outer corner (0, 0); the answer calls the first pixel's centre so.
  const layer = draw("g", { transform: "translate(0.5 0.5)" });
  const makeup = find("makeup").checked;
  for (const old of state.layers) layer.append(drawAnswer(old.answer, { isFaint: true, makeup }));
  layer.append(drawAnswer(answer, { showErrors: find("errors").checked, showIds: find("ids").checked, ids: state.ids, makeup }));
  if (state.known.length > 1 || state.boxes) layer.append(drawFaces(state.known, answer.faces.map((face) => face.number), chooseFace));
  overlay.append(layer);
}

function chooseFace(number) {
  state.faces = `face ${number}`;
  ask();
}

function aimView() {
  const answer = state.answer;
  if (!find("zoom").checked) { view.fit(); return; }
  // Without an answer the view stays where it is: a mistake in the words should not make the photo jump.
  if (!answer || !answer.points.length) return;
  const { width, height } = answer.image_size;
  const [left, right] = findRange([...answer.faces.flatMap((f) => [f.box[0], f.box[2]]), ...answer.points.map((p) => p.x)]);
  const [top, bottom] = findRange([...answer.faces.flatMap((f) => [f.box[1], f.box[3]]), ...answer.points.map((p) => p.y)]);
  const scale = Math.max(1, Math.min(8, width / (1.35 * (right - left)), height / (1.35 * (bottom - top))));
  view.show(scale, 0.5 - scale * (left + right) / 2 / width, 0.5 - scale * (top + bottom) / 2 / height);
}

function findRange(values) {
  return values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
}

// A point's name, id and error where the pointer is near it; a tap keeps it in sight.
function tellPoint(event, isTap) {
  const tip = find("tip"), answer = state.answer;
  if (!answer || live.isOn || find("makeup").checked || (event.pointerType === "touch" && !isTap)) return;
  const [u, v] = view.locate(event);
  const { width, height } = answer.image_size;
  const pixel = find("frame").clientWidth * view.scale / width;
  let best = -1, least = isTap ? 26 : 14;
  answer.points.forEach((point, index) => {
    const away = pixel * Math.hypot(point.x + 0.5 - u * width, point.y + 0.5 - v * height);
    if (away < least) { least = away; best = index; }
  });
  markPoint(best);
  tip.hidden = best < 0;
  if (best < 0) return;
  const point = answer.points[best], frame = find("frame").getBoundingClientRect();
  const reason = whyNotSeen(point);
  tip.textContent = `${state.ids[best] ? `${state.ids[best]} · ` : ""}${point.name}: ${point.x.toFixed(1)}, ${point.y.toFixed(1)} ± ${point.expected_error.toFixed(1)} px${reason ? `, probably ${reason}` : ""}`;
  const x = event.clientX - frame.left, y = event.clientY - frame.top;
  tip.style.left = `${Math.max(4, Math.min(frame.width - tip.offsetWidth - 4, x + 12))}px`;
  tip.style.top = `${y > 52 ? y - 40 : y + 18}px`;
}

function markPoint(index) {
  for (const dot of find("overlay").querySelectorAll(".dot")) dot.classList.toggle("marked", dot.dataset.index === String(index));
  for (const row of find("points").rows) row.classList.toggle("marked", row.dataset.index === String(index));
}

function drawBox([u0, v0, u1, v1], isDone) {
  const overlay = find("overlay"), photo = find("photo");
  const size = state.answer?.image_size ?? { width: photo.naturalWidth, height: photo.naturalHeight };
  overlay.querySelector(".hand")?.remove();
  const [x0, x1] = [u0, u1].map((u) => Math.max(0, Math.min(1, u)) * size.width).sort((a, b) => a - b);
  const [y0, y1] = [v0, v1].map((v) => Math.max(0, Math.min(1, v)) * size.height).sort((a, b) => a - b);
  if (!isDone) {
    if (!state.answer) overlay.setAttribute("viewBox", `0 0 ${size.width} ${size.height}`);
    overlay.append(draw("rect", { class: "hand", x: x0, y: y0, width: x1 - x0, height: y1 - y0 }));
    return;
  }
  setBoxing(false);
  if (x1 - x0 < 8 || y1 - y0 < 8) { find("status").textContent = "That box is too small: press and drag over the face."; return; }
  state.boxes = [[x0 - 0.5, y0 - 0.5, x1 - 0.5, y1 - 0.5].map((value) => Math.round(value * 10) / 10)];
  state.faces = null;
  ask();
}

function setBoxing(isOn) {
  view.isBoxing = isOn;
  find("frame").classList.toggle("boxing", isOn);
  find("box").setAttribute("aria-pressed", String(isOn));
  if (isOn) { view.fit(); find("status").textContent = "Press and drag over the face, from forehead to chin."; }
}

function showProblem(problem, instruction) {
  find("status").textContent = "";
  // The last good answer stays, and says what it answers.
  find("meaning").hidden = true;
  const shown = live.isOn ? live.asked : state.answer && state.asked;
  find("result").hidden = !shown;
  find("stale").hidden = !shown;
  find("stale").textContent = shown ? `Still shown: the answer to “${shown.instruction}”.` : "";
  const items = describeProblem(problem, instruction, (text) => { find("instruction").value = text; ask(); });
  if (problem.code === "no_face") {
    const button = make("button", { type: "button" }, "Draw a box round the face");
    button.addEventListener("click", () => setBoxing(true));
    items.push(button);
  }
  find("problem").replaceChildren(...items);
  find("problem").hidden = false;
  if (problem.code === "unauthorized") { find("key-box").open = true; find("key").focus(); }
}

function showLayers() {
  find("layers").replaceChildren(...state.layers.map((layer, index) => {
    const item = make("li", {}, layer.instruction);
    const button = make("button", { type: "button", "aria-label": `Take away ${layer.instruction}` }, "×");
    button.addEventListener("click", () => { state.layers.splice(index, 1); showLayers(); redraw(); });
    item.append(button);
    return item;
  }));
}

function showSnippet() {
  if (state.asked) find("snippet").textContent = writeSnippet(find("snippet-kind").value, { origin: location.origin, ...state.asked });
}

const EXPORTS = { json: ["/v1/ask", "application/json"], csv: ["/v1/ask", "text/csv"], svg: ["/v1/ask", "image/svg+xml"], png: ["/v1/ask", "image/png"], mask: ["/v1/mask", "image/png"] };

async function exportAnswer(kind) {
  const [path, accept] = EXPORTS[kind];
  const { instruction, ...settings } = state.asked;
  const region = [...new Set(state.answer.points.map((point) => point.part))].filter((part) => !/^middle|pupil/.test(part)).join("; ");
  try {
    const { handle } = await openPhoto(state.photo);
    const file = await fetchFile(path, { image: { handle }, ...settings, ...(kind === "mask" ? { region } : { instruction }) }, accept);
    const link = make("a", { href: URL.createObjectURL(file), download: kind === "mask" ? "mask.png" : `landmarks.${kind}` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    find("status").textContent = `${link.download} is saved.`;
  } catch (error) {
    showProblem(tellError(error), instruction);
  }
}

async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    find("status").textContent = `${what} is copied.`;
  } catch {
    find("status").textContent = `The browser does not let this page copy: ${text}`;
  }
}

async function useCamera() {
  const choice = ++state.choices;
  find("camera").disabled = true;
  find("status").textContent = "The browser asks whether this page may use the camera.";
  try {
    await live.start();
  } catch (error) {
    find("camera").disabled = false;
    if (choice === state.choices) showProblem(tellError(error), "");
    return;
  }
  // Whoever has chosen a photo meanwhile wants that one.
  if (choice !== state.choices) { live.stop(); find("camera").disabled = false; return; }
  state.faces = null;
  find("overlay").replaceChildren();
  setLive(true);
  if (matchMedia("(max-width: 50rem)").matches) find("frame").scrollIntoView({ behavior: "smooth", block: "nearest" });
  await askLive();
}

// What there is on the page while the camera is on, and what not.
function setLive(isOn) {
  for (const id of ["moving", "shoot", "stop"]) find(id).hidden = !isOn;
  for (const id of ["photo", "box"]) find(id).hidden = isOn;
  for (const id of ["camera", "zoom", "errors"]) find(id).disabled = isOn;
  for (const id of ["tip", "answer"]) find(id).hidden = true;
  find("all").hidden = !isOn;
  find("all").textContent = "All faces";
  if (isOn) { setBoxing(false); view.fit(); }
  const { width, height } = isOn ? live.canvas : { width: find("photo").naturalWidth, height: find("photo").naturalHeight };
  find("frame").style.setProperty("--aspect", width / height || 1);
}

async function askLive() {
  const turn = ++state.asks;
  const request = { instruction: find("instruction").value, perspective: find("perspective").value };
  find("status").textContent = "Asking…";
  try {
    const meaning = await callJson("/v1/parse", request);
    if (turn !== state.asks || !live.isOn) return;
    showMeaning(meaning);
    find("overlay").replaceChildren();
    state.told = 0;
    live.ask({ ...request, ...(state.faces && { faces: state.faces }) });
    find("status").textContent = "Asking… the first answer may wait for the model to be loaded.";
  } catch (error) {
    // What was asked before goes on.
    if (turn === state.asks && live.isOn) showProblem(tellError(error), request.instruction);
  }
}

function tellLiveProblem(problem) {
  find("overlay").replaceChildren();
  showProblem(problem, find("instruction").value);
}

function showFrame(answer, rate) {
  const { width, height } = answer.image_size;
  find("frame").style.setProperty("--aspect", width / height);
  find("overlay").setAttribute("viewBox", `0 0 ${width} ${height}`);
  const layer = draw("g", { transform: "translate(0.5 0.5)" });
  layer.append(drawAnswer(answer, { showIds: find("ids").checked, ids: nameIds(answer, state.layouts), makeup: find("makeup").checked }));
  find("overlay").replaceChildren(layer);
  const seen = answer.faces.length ? `${countOf(answer.faces.length, "face")} followed.` : "No face is seen.";
  // Told once, not with each frame: screen readers read it out.
  if (find("status").textContent !== seen && find("problem").hidden) find("status").textContent = seen;
  // Words that change with each frame cannot be read.
  if (performance.now() - state.told < TOLD_EVERY) return;
  state.told = performance.now();
  find("caption").textContent = `Live: ${width} × ${height} pixels, ${rate.toFixed(1)} frames a second, ${countOf(answer.points.length, "point")}`;
  find("notes").replaceChildren(...answer.notes.map((note) => make("li", {}, note)));
}

// Back to the photo; `reason` says why, where nobody asked for it.
async function leaveCamera(reason = "") {
  live.stop();
  setLive(false);
  state.faces = null;
  find("caption").textContent = state.photo?.caption ?? "";
  redraw();
  await ask();
  if (reason) showProblem({ detail: reason }, "");
}

async function shoot() {
  const picture = await live.takePicture();
  chooseFile(picture, "From the camera");
}

function readLink() {
  const held = new URLSearchParams(location.hash.slice(1));
  if (held.get("ask")) find("instruction").value = held.get("ask");
  if (held.get("perspective") === "subject") find("perspective").value = "subject";
}

find("form").addEventListener("submit", (event) => { event.preventDefault(); ask(); });
find("instruction").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); ask(); }
});
for (const id of ["perspective", "key"]) find(id).addEventListener("change", ask);
for (const id of ["errors", "ids", "makeup"]) find(id).addEventListener("change", redraw);
find("zoom").addEventListener("change", aimView);
find("snippet-kind").addEventListener("change", showSnippet);
find("points").addEventListener("mouseover", (event) => markPoint(event.target.closest("tr")?.dataset.index));
find("points").addEventListener("mouseout", () => markPoint(-1));
find("photo").addEventListener("error", () => { if (state.photo) showServersPicture(state.photo); });
find("photo").addEventListener("load", ({ target }) => find("frame").style.setProperty("--aspect", target.naturalWidth / target.naturalHeight));
find("file").addEventListener("change", ({ target }) => {
  const [file] = target.files;
  if (file) chooseFile(file, file.name);
  // Or choosing the same file again would be no change.
  target.value = "";
});
find("sample").addEventListener("click", useSample);
find("camera").addEventListener("click", useCamera);
find("shoot").addEventListener("click", shoot);
find("stop").addEventListener("click", () => leaveCamera());
find("here").textContent = location.host;
find("in").addEventListener("click", () => view.zoom(1.4));
find("out").addEventListener("click", () => view.zoom(1 / 1.4));
find("fit").addEventListener("click", () => view.fit());
find("box").addEventListener("click", () => setBoxing(!view.isBoxing));
find("all").addEventListener("click", () => {
  // Of a camera one or all, as often as one likes.
  state.faces = live.isOn && state.faces ? null : "all";
  if (live.isOn) find("all").textContent = state.faces ? "One face" : "All faces";
  ask();
});
find("keep").addEventListener("click", () => {
  state.layers.push({ answer: state.answer, instruction: state.asked.instruction });
  showLayers();
  redraw();
});
find("copy").addEventListener("click", () => copy(find("snippet").textContent, "The snippet"));
find("link").addEventListener("click", () => copy(location.href, "The link"));
find("exports").addEventListener("click", ({ target }) => { if (target.dataset.kind) exportAnswer(target.dataset.kind); });
find("examples").addEventListener("click", ({ target }) => {
  if (target instanceof HTMLButtonElement) { find("instruction").value = target.textContent; ask(); }
});
for (const name of ["dragenter", "dragover"]) addEventListener(name, (event) => { event.preventDefault(); find("drop").hidden = false; });
addEventListener("dragleave", (event) => { if (!event.relatedTarget) find("drop").hidden = true; });
addEventListener("drop", (event) => {
  event.preventDefault();
  find("drop").hidden = true;
  const [file] = event.dataTransfer.files;
  if (file) chooseFile(file, file.name);
});
addEventListener("paste", (event) => {
  const [file] = event.clipboardData.files;
  if (file) { event.preventDefault(); chooseFile(file, "Pasted"); }
});
addEventListener("hashchange", () => { readLink(); ask(); });
readLink();
fetch("/v1/layouts", { headers: keyHeaders() }).then(readJson).then((layouts) => { state.layouts = layouts; }, () => {});
useSample();
