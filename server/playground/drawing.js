// Drawing answers over the photo: dots, lines, rings, error ellipses, layout ids, and the boxes of faces.

export const COLORS = {
  "face contour": "#40c4ff", "left eyebrow": "#ffb300", "right eyebrow": "#ffe066", "nose bridge": "#00e676",
  "nose boundary": "#b2ff59", "left eye": "#e040fb", "right eye": "#b388ff", "outer lip": "#ff5252",
  "inner lip": "#ff9eb2", "left pupil": "#ffffff", "right pupil": "#d6e0e6", "middle of left eyebrow": "#ff9100",
  "middle of right eyebrow": "#ffca28", "middle of mouth": "#ff6e40",
  "forehead": "#00e5ff", "glabella": "#76ff03", "left temple": "#7c4dff", "right temple": "#b39dff",
  "left eyebrow surface": "#ffa040", "right eyebrow surface": "#ffd180", "left upper eyelid surface": "#d500f9",
  "right upper eyelid surface": "#ea80fc", "left under eye": "#00b0ff", "right under eye": "#80d8ff", "left cheek": "#ff4081",
  "right cheek": "#ff80ab", "nose back": "#1de9b6", "left nose side": "#00bfa5", "right nose side": "#64ffda",
  "nose base": "#aeea00", "upper lip skin": "#ffd600", "upper lip surface": "#ff1744", "lower lip surface": "#ff7043",
  "chin surface": "#448aff",
};
const TAG = 18;
const SVG = "http://www.w3.org/2000/svg";

export function make(name, attributes = {}, text = null) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== null) node.textContent = text;
  return node;
}

export function draw(name, attributes = {}, text = null) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== null) node.textContent = text;
  return node;
}

export const colorOf = (part) => COLORS[part] || "#c8c8c8";

export function splitRuns(points) {
  const runs = [];
  points.forEach((point, index) => {
    const last = runs.length && runs[runs.length - 1];
    if (last && last.part === point.part && last.face === point.face) last.points.push(point);
    else runs.push({ part: point.part, face: point.face, start: index, points: [point] });
  });
  return runs;
}

// By the face's size, less where points crowd: many points are a line of beads, not a smear, and beads on a line lie apart.
function measureDots(run, answer, isLined = false) {
  const [x0, y0, x1, y1] = answer.faces[run.face].box;
  const radius = Math.sqrt((x1 - x0) * (y1 - y0)) / 70;
  const steps = run.points.slice(1).map((point, i) => Math.hypot(point.x - run.points[i].x, point.y - run.points[i].y)).sort((a, b) => a - b);
  const spacing = steps.length ? steps[Math.floor(steps.length / 2)] : Infinity;
  const fitted = Math.max(Math.min(radius, (isLined ? 0.3 : 0.55) * spacing), radius / 6);
  // Where even the smallest overlap, the edges of each would cover the colour of the others.
  return { radius: fitted, isLine: spacing < fitted };
}

// A ring with its holes, or a line.
function drawOutline(answer, { face, shape, points, holes }) {
  const color = colorOf(answer.points[points[0]].part);
  const { radius } = measureDots({ face, points: points.map((index) => answer.points[index]) }, answer, true);
  const [line, ...cut] = [points, ...holes].map((ring) => ring.map((i) => `${answer.points[i].x},${answer.points[i].y}`).join(" "));
  const look = { fill: shape === "polygon" ? color : "none", "fill-opacity": 0.35, stroke: color, "stroke-width": Math.max(radius * 0.7, 0.4), "stroke-linejoin": "round" };
  if (!cut.length) return draw(shape, { points: line, ...look });
  return draw("path", { d: [line, ...cut].map((ring) => `M ${ring} Z`).join(" "), "fill-rule": "evenodd", ...look });
}

// As the engine's PointVisibility has it.
export function whyNotSeen({ visibility }) {
  if (!visibility || visibility.seen >= 0.5) return "";
  const { hidden, turned_away: turned, outside } = visibility;
  if (hidden >= turned && hidden >= outside) return "hidden";
  return turned >= outside ? "turned away" : "outside the photo";
}

export function drawAnswer(answer, { isFaint = false, showErrors = false, showIds = false, ids = [] } = {}) {
  const layer = draw("g", { class: isFaint ? "answer faint" : "answer" });
  const rings = answer.outlines.map((outline) => drawOutline(answer, outline)), dots = [], labels = [];
  const lined = new Set(answer.outlines.flatMap(({ points, holes }) => [points, ...holes].flat()));
  for (const run of splitRuns(answer.points)) {
    const color = colorOf(run.part), { radius, isLine } = measureDots(run, answer, lined.has(run.start));
    run.points.forEach((point, i) => {
      const index = run.start + i;
      if (showErrors) rings.push(drawError(point, color, radius));
      const look = whyNotSeen(point)
        ? { class: isFaint ? "old unseen" : "dot unseen", fill: "none", stroke: color, "stroke-width": radius * 0.5 }
        : { class: `${isFaint ? "old" : "dot"}${isLine ? " line" : ""}`, fill: color, "stroke-width": radius * 0.35 };
      dots.push(draw("circle", { cx: point.x, cy: point.y, r: radius, "data-index": index, ...look }));
      if (showIds && ids[index]) labels.push(drawId(point, ids[index], radius, answer.points));
    });
  }
  layer.append(...rings, ...dots, ...labels);
  return layer;
}

function drawError({ x, y, error_ellipse: [rx, ry, degrees] }, color, radius) {
  return draw("ellipse", { cx: x, cy: y, rx, ry, transform: `rotate(${degrees} ${x} ${y})`, fill: color, "fill-opacity": 0.18, stroke: color, "stroke-width": radius * 0.25 });
}

// A number as large as the dots, smaller where points crowd: one is not written over the next.
function drawId(point, id, radius, points) {
  const nearest = points.reduce((least, other) => (other === point ? least : Math.min(least, Math.hypot(other.x - point.x, other.y - point.y))), Infinity);
  const size = Math.max(radius * 0.9, Math.min(radius * 2.6, nearest * 0.7));
  return draw("text", { x: point.x + radius * 0.9, y: point.y - radius * 0.7, "font-size": size, class: "id" }, id.replace(/^\S+ /, ""));
}

export function drawFaces(faces, chosen, choose) {
  const layer = draw("g", { class: "faces" });
  for (const face of faces) {
    const [x0, y0, x1, y1] = face.box;
    const side = Math.min(x1 - x0, y1 - y0);
    const isChosen = chosen.includes(face.number);
    const node = draw("g", { class: isChosen ? "face chosen" : "face", role: "button", tabindex: 0, "data-number": face.number, "aria-label": `Face ${face.number}`, "aria-pressed": isChosen });
    const place = draw("g", { transform: `translate(${x0} ${y0})` }), number = draw("g", { class: "number" });
    number.append(draw("rect", { class: "tag", y: -TAG, width: TAG * 1.25, height: TAG, rx: TAG * 0.2 }),
      draw("text", { x: TAG * 0.625, y: -TAG * 0.25, "font-size": TAG * 0.75, "text-anchor": "middle" }, face.number));
    // As large on the screen at any zoom, but not larger than small faces.
    number.style.setProperty("--most", 0.8 * side / TAG);
    place.append(number);
    node.append(draw("rect", { class: "edge", x: x0, y: y0, width: x1 - x0, height: y1 - y0, rx: side * 0.04 }), place);
    node.addEventListener("click", () => choose(face.number));
    node.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(face.number); } });
    layer.append(node);
  }
  return layer;
}

// "300W 37" for each point, where a whole answer is points of one layout.
export function nameIds(answer, layouts) {
  const found = answer.canonical.replace(/ \| .*$/, "").match(/^(\w+)(?:\[([^\]]*)\])?$/);
  const layout = found && layouts.find((known) => known.name === found[1]);
  if (!layout) return [];
  const numbers = found[2] === undefined ? count(1, layout.size) : found[2].split(",").flatMap((piece) => {
    const [first, last] = piece.split("..").map(Number);
    return last === undefined ? [first] : count(first, last);
  });
  if (numbers.length * answer.faces.length !== answer.points.length) return [];
  return answer.points.map((_, index) => `${layout.name.toUpperCase()} ${numbers[index % numbers.length]}`);
}

function count(first, last) {
  return Array.from({ length: Math.abs(last - first) + 1 }, (_, i) => first + Math.sign(last - first || 1) * i);
}
