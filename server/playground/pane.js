// One photo with what is drawn over it: points, the boxes of faces, a box by hand, and the name of the point that a pointer is near.
import { draw, drawAnswer, drawFaces, nameIds, whyNotSeen } from "./drawing.js";
import { paintAnswer } from "./makeup.js";
import { View } from "./view.js";

export class Pane {
  // `onBox(shares, isDone)` for a box that is drawn by hand; `onMark(index)` for the point that is near.
  constructor(frame, { onBox = () => {}, onMark = () => {} } = {}) {
    const inner = (name) => frame.querySelector(`.${name}`);
    Object.assign(this, { frame, photo: inner("photo"), overlay: inner("overlay"), paint: inner("paint"), tip: inner("tip"), answer: null, look: {}, ids: [], hand: null, onMark });
    this.view = new View(frame, inner("view"), { onBox, onTap: (event, isTap) => this.tellPoint(event, isTap) });
    new ResizeObserver(() => this.measure()).observe(frame);
    this.photo.addEventListener("load", () => this.shape(this.photo.naturalWidth, this.photo.naturalHeight));
  }

  // How many pixels of the photo one of the screen is, before any zoom.
  measure() {
    const { width } = this.overlay.viewBox.baseVal;
    if (width) this.view.view.style.setProperty("--pixel", width / this.frame.clientWidth || 1);
  }

  shape(width, height) { this.frame.style.setProperty("--aspect", width / height || 1); }

  clear() {
    this.answer = null;
    this.paint.replaceChildren();
    this.overlay.replaceChildren(...(this.hand ? [this.hand] : []));
    this.tip.hidden = true;
  }

  // `look` says what is shown of the answer; `layers` are earlier answers, drawn faintly below; `faces` what drawFaces takes.
  draw(answer, { layers = [], layouts = [], look = {}, faces = null } = {}) {
    this.clear();
    const { width, height } = answer.image_size;
    Object.assign(this, { answer, look, ids: nameIds(answer, layouts) });
    // A photo that only the server can read keeps its shape.
    this.shape(width, height);
    // SVG calls the outer corner (0, 0); the answer calls the first pixel's centre so.
    for (const drawn of [this.overlay, this.paint]) drawn.setAttribute("viewBox", `-0.5 -0.5 ${width} ${height}`);
    this.measure();
    if (look.makeup) this.paint.append(...[...layers, answer].map(paintAnswer));
    else this.overlay.append(...layers.map((layer) => drawAnswer(layer, { isFaint: true })), drawAnswer(answer, { ...look, ids: this.ids }));
    if (faces) this.overlay.append(drawFaces(...faces));
  }

  // Show some faces, with all points, as large as they fit.
  aim(faces) {
    const { points, image_size: { width, height } } = this.answer;
    const [left, right] = findRange([...faces.flatMap(({ box }) => [box[0], box[2]]), ...points.map((point) => point.x)]);
    const [top, bottom] = findRange([...faces.flatMap(({ box }) => [box[1], box[3]]), ...points.map((point) => point.y)]);
    const scale = Math.max(1, Math.min(8, width / (1.35 * (right - left)), height / (1.35 * (bottom - top))));
    this.view.show(scale, 0.5 - scale * (left + right) / 2 / width, 0.5 - scale * (top + bottom) / 2 / height);
  }

  // A point's name, id and error where the pointer is near it; a tap keeps it in sight.
  tellPoint(event, isTap) {
    const { answer, look, tip } = this;
    if (!answer?.points[0]?.name || look.makeup || (event.pointerType === "touch" && !isTap)) return;
    const index = this.findPoint(event, isTap ? 26 : 14);
    this.onMark(index);
    this.mark(index);
    tip.hidden = index < 0;
    if (index < 0) return;
    const point = answer.points[index], reason = whyNotSeen(point);
    tip.textContent = `${this.ids[index] ? `${this.ids[index]} · ` : ""}${point.name}: ${point.x.toFixed(1)}, ${point.y.toFixed(1)} ± ${point.expected_error.toFixed(1)} px${reason ? `, probably ${reason}` : ""}`;
    const frame = this.frame.getBoundingClientRect();
    const x = event.clientX - frame.left, y = event.clientY - frame.top;
    tip.style.left = `${Math.max(4, Math.min(frame.width - tip.offsetWidth - 4, x + 12))}px`;
    tip.style.top = `${y > 52 ? y - 40 : y + 18}px`;
  }

  // The index of the point next to a pointer, `reach` pixels of the screen away at most; else -1.
  findPoint(event, reach) {
    const [u, v] = this.view.locate(event);
    const { points, image_size: { width, height } } = this.answer;
    const pixel = this.frame.clientWidth * this.view.scale / width;
    let best = -1, least = reach;
    points.forEach((point, index) => {
      const away = pixel * Math.hypot(point.x + 0.5 - u * width, point.y + 0.5 - v * height);
      if (away < least) { least = away; best = index; }
    });
    return best;
  }

  mark(index) {
    for (const dot of this.overlay.querySelectorAll(".dot")) dot.classList.toggle("marked", dot.dataset.index === String(index));
  }

  // A box by hand, pixels of a photo of a size; null for none.
  showHand(box, { width, height }) {
    this.hand?.remove();
    this.hand = null;
    // Of edges that are being written some may be missing, or crossed.
    if (!box || !(box[0] < box[2] && box[1] < box[3])) return;
    const [x, y, right, bottom] = box;
    this.hand = draw("rect", { class: "hand", x, y, width: right - x, height: bottom - y });
    if (!this.answer) this.overlay.setAttribute("viewBox", `-0.5 -0.5 ${width} ${height}`);
    this.overlay.append(this.hand);
  }
}

function findRange(values) {
  return values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
}
