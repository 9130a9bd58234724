// A face box by hand: drawn with a pointer over the photo, moved and sized with the arrow keys on it, or written as its edges.
import { find, tell } from "./page.js";

const LEAST = 8;
const EDGES = ["left", "top", "right", "bottom"].map((name) => find(`box-${name}`));
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const TOO_SMALL = "That box is too small: it goes round the face, from forehead to chin.";

export class HandBox {
  // `onTake(box)` gets the box, pixels of the photo; `readSize()` tells the photo's width and height.
  constructor(pane, { onTake, readSize }) {
    Object.assign(this, { pane, onTake, readSize, box: null, label: pane.frame.getAttribute("aria-label") });
    pane.frame.addEventListener("keydown", (event) => this.type(event));
    find("box-form").addEventListener("submit", (event) => { event.preventDefault(); this.take(); });
    find("box-form").addEventListener("input", () => this.show(EDGES.map((edge) => edge.valueAsNumber)));
    find("box-leave").addEventListener("click", () => this.stop());
    addEventListener("keydown", (event) => { if (event.key === "Escape" && this.isOn) this.stop(); });
  }

  get isOn() { return this.pane.view.isBoxing; }

  // From `box`, or the middle of the photo; who comes by the keyboard finds the edges to write next.
  start(box, isByKeyboard) {
    const { width, height } = this.readSize();
    if (!width) { tell("There is no photo yet to draw a box on."); return; }
    this.turn(true);
    this.pane.view.fit();
    EDGES.forEach((edge, index) => { edge.step = Math.max(1, Math.round((index % 2 ? height : width) / 100)); });
    this.write(box ?? [0.35 * width, 0.3 * height, 0.65 * width, 0.7 * height]);
    if (isByKeyboard) { EDGES[0].focus(); EDGES[0].select(); }
    tell("Press and drag over the face, from forehead to chin; or write its edges; or move the box by the arrow keys on the photo, and size it by Shift and arrows. Escape leaves it.");
  }

  stop() {
    const isWithin = find("box-form").contains(document.activeElement);
    this.turn(false);
    this.show(null);
    tell("");
    // What held the focus is gone.
    if (isWithin) find("box").focus();
  }

  turn(isOn) {
    const { frame, view } = this.pane;
    view.isBoxing = isOn;
    frame.classList.toggle("boxing", isOn);
    frame.setAttribute("aria-label", isOn ? "The photo with a face box; arrows move it, Shift and arrows size it, Enter takes it" : this.label);
    find("box").setAttribute("aria-pressed", String(isOn));
    find("box-form").hidden = !isOn;
  }

  show(box) {
    this.box = box;
    this.pane.showHand(box, this.readSize());
  }

  write(box) {
    const written = box.map((value) => Math.round(value * 10) / 10);
    EDGES.forEach((edge, index) => { edge.value = written[index]; });
    this.show(written);
  }

  drag([u0, v0, u1, v1], isDone) {
    const { width, height } = this.readSize();
    const spread = (pair, side) => pair.map((share) => Math.max(0, Math.min(1, share)) * side - 0.5).sort((a, b) => a - b);
    const [left, right] = spread([u0, u1], width), [top, bottom] = spread([v0, v1], height);
    this.write([left, top, right, bottom]);
    if (isDone) this.take();
  }

  // Arrows on the photo: a hundredth of it at a time, and not out of it.
  type(event) {
    if (!this.isOn || event.target !== this.pane.frame) return;
    if (event.key === "Enter") { event.preventDefault(); this.take(); return; }
    if (!ARROWS[event.key]) return;
    event.preventDefault();
    const box = [...this.box], { width, height } = this.readSize();
    if (box.some(Number.isNaN)) return;
    ARROWS[event.key].forEach((way, axis) => {
      const side = axis ? height : width, step = way * Math.max(1, side / 100);
      const [low, high] = [box[axis], box[axis + 2]];
      const by = event.shiftKey ? Math.max(step, LEAST - (high - low)) : Math.max(step, -0.5 - low);
      const kept = Math.min(by, side - 0.5 - high);
      box[axis + 2] = high + kept;
      if (!event.shiftKey) box[axis] = low + kept;
    });
    this.write(box);
    tell(`Face box from ${this.box.slice(0, 2).join(", ")} to ${this.box.slice(2).join(", ")}.`);
  }

  take() {
    const [left, top, right, bottom] = this.box;
    // Also where a field is empty, or holds no number.
    if (!(right - left >= LEAST && bottom - top >= LEAST)) { tell(TOO_SMALL); return; }
    const { box } = this;
    this.stop();
    this.onTake(box);
  }
}
