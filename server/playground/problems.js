// What is wrong with an instruction or a photo, in words: with a caret under the words at fault, and what to say instead.
import { make } from "./drawing.js";

const SHOWN = 36;

// The lines to show of a problem; `say(text)` is called with the instruction as a suggestion mends it.
export function describeProblem(problem, instruction, say) {
  const lines = [];
  for (const mistake of problem.problems || [{ message: problem.detail }]) {
    lines.push(make("p", {}, mistake.message));
    // Of nothing that was written no words are at fault.
    if (mistake.span && instruction.trim()) lines.push(make("pre", {}, drawCaret(instruction, mistake.span)));
    if (mistake.suggestion) lines.push(offerSuggestion(mistake, instruction, say));
  }
  return lines;
}

// Names to say instead end in a quote, and a click says them; anything else is a sentence of its own.
function offerSuggestion({ suggestion, span: [start, stop] }, instruction, say) {
  const line = make("p", { class: "suggestion" });
  if (!suggestion.endsWith("'")) { line.textContent = suggestion; return line; }
  line.append("Did you mean ");
  suggestion.split(/'([^']+)'/).forEach((piece, index) => {
    if (index % 2 === 0) { line.append(piece); return; }
    const button = make("button", { type: "button", class: "say" }, piece);
    button.addEventListener("click", () => {
      const letters = Array.from(instruction);
      letters.splice(start, stop - start, piece);
      say(letters.join(""));
    });
    line.append(button);
  });
  line.append("?");
  return line;
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
