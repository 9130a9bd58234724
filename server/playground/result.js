// What the page says of an answer: its meaning, its points as a table, its layers, and what is wrong with an ask.
import { colorOf, draw, make } from "./drawing.js";
import { countOf, find, state, tell } from "./page.js";
import { describeProblem } from "./problems.js";

const MOST_ROWS = 500;

export function showMeaning(meaning) {
  find("problem").hidden = true;
  find("stale").hidden = true;
  find("result").hidden = false;
  find("meaning").hidden = false;
  find("canonical").textContent = meaning.canonical;
  find("count").textContent = meaning.count === null ? "The picture tells how many points." : `${countOf(meaning.count, "point")} on each face.`;
  showNotes(meaning.notes, meaning.perspective);
}

export function showNotes(notes, perspective = "viewer") {
  const told = perspective === "subject" ? [...notes, "Parts are named by the picture, whose left is the person's right."] : notes;
  find("notes").replaceChildren(...told.map((note) => make("li", {}, note)));
}

// An answer in words and numbers; `ids` are its points' numbers in a layout, if they have any.
export function showResult(answer, ids) {
  // Now with what was decided about the photo.
  showNotes(answer.notes, answer.perspective);
  const { width, height } = answer.image_size;
  const shown = answer.faces_found > answer.faces.length ? `${answer.faces.length} of ` : "";
  find("caption").textContent = `${width} × ${height} pixels, ${shown}${countOf(answer.faces_found, "face")}, ${countOf(answer.points.length, "point")}, model ${answer.model_version}`;
  const others = state.known.length - answer.faces.length;
  tell(`${countOf(answer.points.length, "point")} on ${countOf(answer.faces.length, "face")}.${others > 0 ? ` ${countOf(others, "more face")} in the photo: click a box, or ask all.` : ""}`);
  find("all").hidden = others <= 0 && !state.boxes;
  find("all").textContent = state.boxes ? "Faces as found" : "All faces";
  find("legend").replaceChildren(...listParts(answer));
  find("points").replaceChildren(...answer.points.slice(0, MOST_ROWS).map((point, index) => {
    const row = make("tr", { "data-index": index });
    row.append(make("td", {}, ids[index] ? `${ids[index]} · ${point.name}` : point.name), make("td", {}, point.x.toFixed(1)), make("td", {}, point.y.toFixed(1)),
      make("td", {}, point.expected_error.toFixed(1)));
    return row;
  }));
  find("more").textContent = answer.points.length > MOST_ROWS ? `The first ${MOST_ROWS} of ${answer.points.length} points.` : "";
  find("answer").hidden = false;
}

function listParts(answer) {
  const parts = new Map();
  for (const point of answer.points) parts.set(point.part, (parts.get(point.part) || 0) + 1);
  return [...parts].map(([part, count]) => {
    const item = make("li");
    const chip = draw("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" });
    chip.append(draw("circle", { cx: 5, cy: 5, r: 4.5, fill: colorOf(part) }));
    item.append(chip, `${part} ${count}`);
    return item;
  });
}

export function markRow(index) {
  for (const row of find("points").rows) row.classList.toggle("marked", row.dataset.index === String(index));
}

// The index of the row that a key goes to from the marked one; null for keys that go to none.
export function findRow(key) {
  const { rows } = find("points");
  const at = [...rows].findIndex((row) => row.classList.contains("marked")), last = rows.length - 1;
  const row = rows[{ ArrowDown: Math.min(at + 1, last), ArrowUp: Math.max(at - 1, 0), Home: 0, End: last }[key]];
  row?.scrollIntoView({ block: "nearest" });
  return row ? row.dataset.index : null;
}

// The last good answer stays, and says what it answers. `shown` is the ask that it is of, `say(text)` asks something instead.
export function showProblem(problem, instruction, { shown = null, say, drawBox }) {
  tell("");
  find("meaning").hidden = true;
  find("result").hidden = !shown;
  find("stale").hidden = !shown;
  find("stale").textContent = shown ? `Still shown: the answer to “${shown.instruction}”.` : "";
  const items = describeProblem(problem, instruction, say);
  if (problem.code === "no_face") {
    const button = make("button", { type: "button" }, "Draw a box round the face");
    button.addEventListener("click", drawBox);
    items.push(button);
  }
  find("problem").replaceChildren(...items);
  find("problem").hidden = false;
  if (problem.code === "unauthorized") { find("key-box").open = true; find("key").focus(); }
}

export function showLayers(redraw) {
  find("layers").replaceChildren(...state.layers.map((layer, index) => {
    const item = make("li", {}, layer.instruction);
    const button = make("button", { type: "button", "aria-label": `Take away ${layer.instruction}` }, "×");
    button.addEventListener("click", () => { state.layers.splice(index, 1); showLayers(redraw); redraw(); });
    item.append(button);
    return item;
  }));
}
