// The playground: one page over the HTTP API. Nothing is stored, nothing is loaded from elsewhere, and no text from
// outside becomes markup.
import { Camera } from "./camera.js";
import { HandBox } from "./hand_box.js";
import { find, isPhone, isSideBySide, isStill, state, tell } from "./page.js";
import { Pane } from "./pane.js";
import { findRow, markRow, showLayers, showMeaning, showProblem, showResult } from "./result.js";
import { askPhoto, callJson, describeStranger, keyHeaders, openPhoto, readJson, Refused, tellError } from "./service.js";
import { copy, exportAnswer, readLink, showSnippet, writeLink } from "./take_along.js";

const pane = new Pane(find("frame"), { onBox: (shares, isDone) => hand.drag(shares, isDone), onMark: (index) => { markRow(index); twin.mark(index); } });
const twin = new Pane(find("twin-frame"), { onMark: (index) => { markRow(index); pane.mark(index); } });
pane.view.linked = twin.view;
twin.view.linked = pane.view;
const hand = new HandBox(pane, { onTake: askBox, readSize });
const camera = new Camera(pane, { readLook, fail, leave: leaveCamera, leaveBox: () => hand.stop() });

function usePhoto(file, caption, isSample) {
  if (camera.isOn) camera.stop();
  if (hand.isOn) hand.stop();
  if (state.photo) URL.revokeObjectURL(state.photo.url);
  Object.assign(state, { answer: null, other: null, faces: null, boxes: null, known: [], layers: [] });
  state.photo = { file, caption, url: null, opening: null, isShown: false, isSample };
  showPicture(state.photo, file);
  find("caption").textContent = caption;
  for (const id of ["answer", "all", "twin", "side", "same"]) find(id).hidden = true;
  find("credit").hidden = !isSample;
  pane.view.fit();
  showLayers(redraw);
  redraw();
}

function showPicture(photo, blob) {
  if (photo.url) URL.revokeObjectURL(photo.url);
  photo.url = URL.createObjectURL(blob);
  for (const { photo: picture } of [pane, twin]) {
    picture.classList.remove("missing");
    picture.src = photo.url;
  }
}

function chooseFile(file, caption) {
  state.choices++;
  usePhoto(file, caption, false);
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
    if (choice === state.choices) fail(tellError(error), "");
    return;
  }
  // Whoever has chosen a photo meanwhile wants that one.
  if (choice !== state.choices) return;
  usePhoto(file, "Sample photo", true);
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
    if (photo === state.photo) showPicture(photo, picture);
  } catch {
    // The ask that goes with the photo tells what is wrong with it.
    photo.isShown = false;
    if (photo === state.photo) for (const { photo: picture } of [pane, twin]) picture.classList.add("missing");
  }
}

async function ask() {
  if (camera.isOn) { await camera.ask(); return; }
  const photo = state.photo;
  if (!photo) return;
  const turn = ++state.asks;
  const request = { instruction: find("instruction").value, perspective: isSideBySide() ? "viewer" : find("perspective").value };
  if (state.faces) request.faces = state.faces;
  if (state.boxes) request.boxes = state.boxes;
  const requests = isSideBySide() ? [request, { ...request, perspective: "subject" }] : [request];
  tell("Asking…");
  const patience = setTimeout(() => tell("Asking… the model may still be loading."), 1500);
  try {
    const [meaning, other] = await Promise.all(requests.map(({ instruction, perspective }) => callJson("/v1/parse", { instruction, perspective })));
    if (turn !== state.asks) return;
    showMeaning(meaning);
    // Words about faces that were written after the choice of one go over it.
    if (state.faces && meaning.faces !== "largest" && request.instruction !== state.chosenFor) {
      state.faces = null;
      for (const one of requests) delete one.faces;
    }
    const isOne = other?.canonical === meaning.canonical;
    // The first opens the photo, so that the second finds it open.
    const answers = [await askPhoto(photo, request)];
    if (other && !isOne) answers.push(await askPhoto(photo, requests[1]));
    const { faces } = await openPhoto(photo);
    if (turn !== state.asks) return;
    state.known = state.boxes ? answers[0].faces : faces;
    state.isChosen = Boolean(state.faces) || meaning.faces !== "largest";
    find("same").hidden = !isOne;
    showAnswers(answers, request);
  } catch (error) {
    if (turn !== state.asks) return;
    fail(tellError(error), request.instruction);
  } finally {
    clearTimeout(patience);
  }
}

function showAnswers([answer, other], request) {
  Object.assign(state, { answer, other, asked: request });
  for (const id of ["twin", "side"]) find(id).hidden = !other;
  if (other) find("twin-canonical").textContent = other.canonical;
  redraw();
  showResult(answer, pane.ids);
  writeLink(request);
  showSnippet();
  aimView();
  // On a phone the photo is below the form: what was asked for should come into sight.
  if (isPhone() && state.asks > 1) find("frame").scrollIntoView({ behavior: isStill() ? "instant" : "smooth", block: "nearest" });
}

// What ids need; a server that asks for a key gives it once it has one.
function loadLayouts() {
  fetch("/v1/layouts", { headers: keyHeaders() }).then(readJson).then((layouts) => { state.layouts = layouts; redraw(); }, () => {});
}

function readLook() {
  return { showErrors: find("errors").checked, showIds: find("ids").checked, makeup: find("makeup").checked };
}

function redraw() {
  // The camera's next frame is drawn anew anyway.
  if (camera.isOn) return;
  const { number } = document.activeElement.closest(".face")?.dataset ?? {};
  for (const [part, answer] of [[pane, state.answer], [twin, state.other]]) {
    part.clear();
    if (!answer) continue;
    const hasChoice = state.known.length > 1 || state.boxes;
    const faces = hasChoice ? [state.known, answer.faces.map((face) => face.number), chooseFace] : null;
    part.draw(answer, { layers: state.layers.map((layer) => layer.answer), layouts: state.layouts, look: readLook(), faces });
  }
  // Who chose a face by the keyboard goes on from there.
  if (number) pane.overlay.querySelector(`.face[data-number="${number}"]`)?.focus({ preventScroll: true });
}

function chooseFace(number) { chooseFaces(`face ${number}`); }

function chooseFaces(faces) {
  Object.assign(state, { faces, chosenFor: find("instruction").value });
  ask();
}

function markPoint(index) {
  for (const part of [pane, twin]) part.mark(index);
  markRow(index);
}

function aimView() {
  if (!find("zoom").checked) pane.view.fit();
  // Without an answer the view stays where it is: a mistake in the words should not make the photo jump.
  // Nobody has chosen a face yet: all of them are in sight to choose from.
  else if (state.answer?.points.length) pane.aim(state.isChosen ? state.answer.faces : state.known);
}

// The photo's size: what is shown of HEIC or TIFF may be smaller.
function readSize() {
  return state.answer?.image_size ?? state.photo?.size ?? { width: pane.photo.naturalWidth, height: pane.photo.naturalHeight };
}

// From the box that is to be mended, if there is one; a click without a pointer's detail is the keyboard's.
function startBox({ detail }) { hand.start(state.answer?.faces[0]?.box, detail === 0); }

function askBox(box) {
  Object.assign(state, { boxes: [box], faces: null });
  ask();
}

function fail(problem, instruction) {
  const shown = camera.isOn ? camera.asked : state.answer && state.asked;
  showProblem(problem, instruction, {
    shown, say: (text) => { find("instruction").value = text; ask(); }, drawBox: startBox,
  });
}

// Back to the photo; `reason` says why, where nobody asked for it.
async function leaveCamera(reason = "") {
  camera.stop();
  state.faces = null;
  find("caption").textContent = state.photo?.caption ?? "";
  find("credit").hidden = !state.photo?.isSample;
  redraw();
  await ask();
  if (reason) fail({ detail: reason }, "");
}

find("form").addEventListener("submit", (event) => { event.preventDefault(); ask(); });
find("instruction").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); ask(); }
});
find("perspective").addEventListener("change", ask);
find("key").addEventListener("change", () => { loadLayouts(); ask(); });
for (const id of ["errors", "ids", "makeup"]) find(id).addEventListener("change", redraw);
find("zoom").addEventListener("change", aimView);
find("snippet-kind").addEventListener("change", showSnippet);
for (const [event, read] of [["mouseover", ({ target }) => target.closest("tr")?.dataset.index ?? -1], ["mouseout", () => -1]]) {
  find("points").addEventListener(event, (told) => markPoint(read(told)));
}
find("points").closest(".scroll").addEventListener("keydown", (event) => {
  const index = findRow(event.key);
  if (index !== null) { event.preventDefault(); markPoint(index); }
});
find("photo").addEventListener("error", () => { if (state.photo) showServersPicture(state.photo); });
find("file").addEventListener("change", ({ target }) => {
  const [file] = target.files;
  if (file) chooseFile(file, file.name);
  // Or choosing the same file again would be no change.
  target.value = "";
});
find("sample").addEventListener("click", useSample);
find("camera").addEventListener("click", () => camera.start());
find("shoot").addEventListener("click", async () => chooseFile(await camera.takePicture(), "From the camera"));
find("stop").addEventListener("click", () => leaveCamera());
find("here").textContent = location.host;
find("in").addEventListener("click", () => pane.view.zoom(1.4));
find("out").addEventListener("click", () => pane.view.zoom(1 / 1.4));
find("fit").addEventListener("click", () => pane.view.fit());
find("box").addEventListener("click", (event) => { if (hand.isOn) hand.stop(); else startBox(event); });
find("all").addEventListener("click", () => {
  if (camera.isOn) { camera.switchFaces(); return; }
  if (state.boxes) { state.boxes = null; chooseFaces(null); } else chooseFaces("all");
});
find("keep").addEventListener("click", () => {
  state.layers.push({ answer: state.answer, instruction: state.asked.instruction });
  showLayers(redraw);
  redraw();
});
find("copy").addEventListener("click", () => copy(find("snippet").textContent, "The snippet"));
find("link").addEventListener("click", () => copy(location.href, "The link"));
find("exports").addEventListener("click", async ({ target }) => {
  if (!target.dataset.kind) return;
  try { await exportAnswer(target.dataset.kind); } catch (error) { fail(tellError(error), state.asked.instruction); }
});
find("examples").addEventListener("click", ({ target }) => {
  if (target instanceof HTMLButtonElement) { find("instruction").value = target.textContent; ask(); }
});
// Text that is dragged goes into the field as everywhere.
const holdsFile = (event) => event.dataTransfer.types.includes("Files");
for (const name of ["dragenter", "dragover"]) addEventListener(name, (event) => {
  if (!holdsFile(event)) return;
  event.preventDefault();
  find("drop").hidden = false;
});
addEventListener("dragleave", (event) => { if (!event.relatedTarget) find("drop").hidden = true; });
addEventListener("drop", (event) => {
  if (!holdsFile(event)) return;
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
loadLayouts();
useSample();
