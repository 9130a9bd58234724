// What make-up would look like on the regions that an answer has: painted under the points, mixed with the photo as ink is.
import { draw, splitRuns } from "./drawing.js";

// What a part is painted with: its colour, how much of it, and how soft its edge is, in shares of the face's side.
const PAINTS = [
  [/\blips?\b/, { fill: "#b8233f", opacity: 0.7, blur: 0.004 }],
  [/eyebrow/, { fill: "#4a2f20", opacity: 0.5, blur: 0.006 }],
  [/^(left|right) eye$/, { fill: "none", stroke: "#241a1c", opacity: 0.75, width: 0.012, blur: 0.002 }],
  [/eyelid/, { fill: "#8a5a78", opacity: 0.5, blur: 0.015 }],
  [/cheek/, { fill: "#e0606e", opacity: 0.35, blur: 0.05 }],
  [/under eye|forehead|nose|chin|temple|glabella|lip skin|above/, { fill: "#e7bfa0", opacity: 0.4, blur: 0.03 }],
];
// Rings round a region even where no polygon was asked for.
const CLOSED = /^(outer lip|inner lip|(left|right) (eye|eyebrow))$/;

export function paintAnswer(answer) {
  const layer = draw("g");
  for (const { face, part, rings } of [...listOutlined(answer), ...listClosed(answer)]) {
    const paint = PAINTS.find(([words]) => words.test(part))?.[1];
    if (!paint) continue;
    const [x0, y0, x1, y1] = answer.faces[face].box, side = Math.sqrt((x1 - x0) * (y1 - y0));
    const path = draw("path", { d: rings.map(writeRing).join(" "), "fill-rule": "evenodd", class: "makeup", fill: paint.fill, opacity: paint.opacity,
      ...(paint.stroke && { stroke: paint.stroke, "stroke-width": paint.width * side, "stroke-linejoin": "round" }) });
    path.style.filter = `blur(${(paint.blur * side).toFixed(2)}px)`;
    layer.append(path);
  }
  return layer;
}

const writeRing = (points) => `M ${points.map(({ x, y }) => `${x},${y}`).join(" ")} Z`;

// What was asked for as a polygon, with its holes.
function listOutlined(answer) {
  const at = (ring) => ring.map((index) => answer.points[index]);
  return answer.outlines.filter(({ shape }) => shape === "polygon")
    .map(({ face, points, holes }) => ({ face, part: answer.points[points[0]].part, rings: [at(points), ...holes.map(at)] }));
}

// Parts that are rings by themselves, and outlines of surfaces. Where the inner lip is known, the mouth between the lips stays as it is.
function listClosed(answer) {
  const taken = new Set(answer.outlines.flatMap(({ shape, points, holes }) => (shape === "polygon" ? [points, ...holes].flat() : [])));
  const runs = splitRuns(answer.points).filter(({ part, start, points }) => isRing(part, answer) && points.length > 2 && !taken.has(start));
  return runs.filter(({ part }) => part !== "inner lip").map(({ face, part, points }) => {
    const hole = part === "outer lip" && runs.find((run) => run.face === face && run.part === "inner lip");
    return { face, part, rings: hole ? [points, hole.points] : [points] };
  });
}

function isRing(part, { canonical }) { return CLOSED.test(part) || canonical.includes(`${part.replaceAll(" ", "_")} outline`); }
