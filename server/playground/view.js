// The part of the photo that is shown: zoom by wheel, pinch, keys and buttons, pan by dragging, and boxes drawn by hand.

const MOST = 24;

export class View {
  constructor(frame, view, { onBox, onTap }) {
    Object.assign(this, { frame, view, onBox, onTap, scale: 1, x: 0, y: 0, pointers: new Map(), isBoxing: false, start: null, moved: 0, linked: null });
    frame.addEventListener("wheel", (event) => { event.preventDefault(); this.zoomAt(event, Math.exp(-event.deltaY / 400)); }, { passive: false });
    frame.addEventListener("pointerdown", (event) => this.press(event));
    frame.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) frame.addEventListener(name, (event) => this.release(event));
    frame.addEventListener("keydown", (event) => this.type(event));
  }

  // `scale` times the whole, shifted by fractions of the frame; a linked view shows the same.
  show(scale, x, y) {
    this.place(scale, x, y);
    this.linked?.place(scale, x, y);
  }

  place(scale, x, y) {
    this.scale = Math.max(1, Math.min(MOST, scale));
    const keep = (shift) => Math.min(0, Math.max(1 - this.scale, shift));
    this.x = keep(x);
    this.y = keep(y);
    // Of a photo that is shown whole a finger scrolls the page; one that is zoomed it moves.
    this.frame.classList.toggle("zoomed", this.scale > 1);
    this.view.style.setProperty("--zoom", this.scale);
    this.view.style.transform = `translate(${100 * this.x}%, ${100 * this.y}%) scale(${this.scale})`;
  }

  fit() { this.show(1, 0, 0); }

  zoomAt(place, factor) {
    const box = this.frame.getBoundingClientRect();
    const u = (place.clientX - box.left) / box.width, v = (place.clientY - box.top) / box.height;
    const scale = Math.max(1, Math.min(MOST, this.scale * factor)), share = scale / this.scale;
    this.show(scale, u - (u - this.x) * share, v - (v - this.y) * share);
  }

  zoom(factor) {
    const box = this.frame.getBoundingClientRect();
    this.zoomAt({ clientX: box.left + box.width / 2, clientY: box.top + box.height / 2 }, factor);
  }

  // Where a pointer is, in shares of the photo.
  locate(event) {
    const box = this.frame.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width - this.x) / this.scale, ((event.clientY - box.top) / box.height - this.y) / this.scale];
  }

  press(event) {
    if (event.target.closest(".face") && !this.isBoxing) return;
    this.pointers.set(event.pointerId, event);
    this.moved = 0;
    if (this.isBoxing) { this.start = this.locate(event); event.preventDefault(); }
    if (this.isBoxing || this.scale > 1 || this.pointers.size > 1) this.frame.setPointerCapture(event.pointerId);
  }

  move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) { this.onTap(event, false); return; }
    this.moved += Math.hypot(event.clientX - before.clientX, event.clientY - before.clientY);
    if (this.isBoxing) { this.onBox([...this.start, ...this.locate(event)], false); this.pointers.set(event.pointerId, event); return; }
    const box = this.frame.getBoundingClientRect();
    if (this.pointers.size === 1) this.show(this.scale, this.x + (event.clientX - before.clientX) / box.width, this.y + (event.clientY - before.clientY) / box.height);
    else this.pinch(event, before);
    this.pointers.set(event.pointerId, event);
  }

  pinch(event, before) {
    const [other] = [...this.pointers.values()].filter((pointer) => pointer.pointerId !== event.pointerId);
    const reach = (pointer) => Math.max(1, Math.hypot(pointer.clientX - other.clientX, pointer.clientY - other.clientY));
    const middle = { clientX: (event.clientX + other.clientX) / 2, clientY: (event.clientY + other.clientY) / 2 };
    this.zoomAt(middle, reach(event) / reach(before));
  }

  release(event) {
    if (!this.pointers.delete(event.pointerId)) return;
    if (this.isBoxing && this.start && event.type === "pointerup") this.onBox([...this.start, ...this.locate(event)], true);
    else if (this.moved < 6) this.onTap(event, true);
    this.start = null;
  }

  type(event) {
    const step = 0.1;
    const keys = { "+": () => this.zoom(1.4), "=": () => this.zoom(1.4), "-": () => this.zoom(1 / 1.4), 0: () => this.fit(),
      ArrowLeft: () => this.show(this.scale, this.x + step, this.y), ArrowRight: () => this.show(this.scale, this.x - step, this.y),
      ArrowUp: () => this.show(this.scale, this.x, this.y + step), ArrowDown: () => this.show(this.scale, this.x, this.y - step) };
    // Of a box by hand the arrows move the box.
    if (event.target !== this.frame || !keys[event.key] || (this.isBoxing && event.key.startsWith("Arrow"))) return;
    event.preventDefault();
    keys[event.key]();
  }
}
