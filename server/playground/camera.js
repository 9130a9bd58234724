// The camera on the page: what there is while it is on, and what is asked of its frames.
import { Live } from "./live.js";
import { countOf, find, isPhone, isSideBySide, isStill, state, tell } from "./page.js";
import { showMeaning, showNotes } from "./result.js";
import { callJson, tellError } from "./service.js";

const TOLD_EVERY = 700;

export class Camera {
  // `readLook()` says what is drawn of an answer, `fail(problem, instruction)` tells a problem, `leave(reason)` is called when the
  // camera is off by itself, `leaveBox()` ends drawing a box on the photo.
  constructor(pane, { readLook, fail, leave, leaveBox }) {
    Object.assign(this, { pane, readLook, fail, leaveBox, told: 0 });
    this.live = new Live(find("moving"), {
      onAnswer: (answer, rate) => this.showFrame(answer, rate),
      onProblem: (problem) => { pane.clear(); fail(problem, find("instruction").value); },
      onEnd: leave,
    });
  }

  get isOn() { return this.live.isOn; }

  get asked() { return this.live.asked; }

  async start() {
    const choice = ++state.choices;
    find("camera").disabled = true;
    tell("The browser asks whether this page may use the camera.");
    try {
      await this.live.start();
    } catch (error) {
      find("camera").disabled = false;
      if (choice === state.choices) this.fail(tellError(error), "");
      return;
    }
    // Whoever has chosen a photo meanwhile wants that one.
    if (choice !== state.choices) { this.live.stop(); find("camera").disabled = false; return; }
    state.faces = null;
    this.pane.clear();
    this.show(true);
    if (isPhone()) this.pane.frame.scrollIntoView({ behavior: isStill() ? "instant" : "smooth", block: "nearest" });
    await this.ask();
  }

  stop() {
    this.live.stop();
    this.show(false);
  }

  // What there is on the page while the camera is on, and what not.
  show(isOn) {
    for (const id of ["moving", "shoot", "stop"]) find(id).hidden = !isOn;
    for (const id of ["photo", "box"]) find(id).hidden = isOn;
    for (const id of ["camera", "zoom", "errors", "perspective-both"]) find(id).disabled = isOn;
    for (const id of ["tip", "answer", "twin", "side", "same", "credit"]) find(id).hidden = true;
    if (isOn && isSideBySide()) find("perspective").value = "viewer";
    find("all").hidden = !isOn;
    find("all").textContent = "All faces";
    if (isOn) { this.leaveBox(); this.pane.view.fit(); }
    const { width, height } = isOn ? this.live.canvas : { width: this.pane.photo.naturalWidth, height: this.pane.photo.naturalHeight };
    this.pane.shape(width, height);
  }

  // Of a camera one face or all, as often as one likes.
  switchFaces() {
    state.faces = state.faces ? null : "all";
    find("all").textContent = state.faces ? "One face" : "All faces";
    return this.ask();
  }

  async ask() {
    const turn = ++state.asks;
    const request = { instruction: find("instruction").value, perspective: find("perspective").value };
    tell("Asking…");
    try {
      const meaning = await callJson("/v1/parse", request);
      if (turn !== state.asks || !this.isOn) return;
      showMeaning(meaning);
      this.pane.clear();
      this.told = 0;
      this.live.ask({ ...request, ...(state.faces && { faces: state.faces }) });
      tell("Asking… the first answer may wait for the model to be loaded.");
    } catch (error) {
      // What was asked before goes on.
      if (turn === state.asks && this.isOn) this.fail(tellError(error), request.instruction);
    }
  }

  showFrame(answer, rate) {
    this.pane.draw(answer, { layouts: state.layouts, look: { ...this.readLook(), showErrors: false } });
    const seen = answer.faces.length ? `${countOf(answer.faces.length, "face")} followed.` : "No face is seen.";
    // Told once, not with each frame: screen readers read it out.
    if (find("status").textContent !== seen && find("problem").hidden) tell(seen);
    // Words that change with each frame cannot be read.
    if (performance.now() - this.told < TOLD_EVERY) return;
    this.told = performance.now();
    const { width, height } = answer.image_size;
    find("caption").textContent = `Live: ${width} × ${height} pixels, ${rate.toFixed(1)} frames a second, ${countOf(answer.points.length, "point")}`;
    showNotes(answer.notes, this.asked?.perspective);
  }

  takePicture() { return this.live.takePicture(); }
}
