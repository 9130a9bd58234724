// What the pieces of the page share: where things are, and what the page knows.

export const find = (id) => document.getElementById(id);

// A photo carries its own handle, so that an upload that comes late is never taken for another photo's. `other` is the answer in
// the other reading of left, where both are shown.
export const state = {
  photo: null, choices: 0, asks: 0, answer: null, other: null, asked: null, layers: [], layouts: [], faces: null, boxes: null, known: [], isChosen: false, chosenFor: "",
};

export function tell(text) { find("status").textContent = text; }

export function countOf(number, word) { return `${number} ${word}${number === 1 ? "" : "s"}`; }

export function isPhone() { return matchMedia("(max-width: 50rem)").matches; }

// Whether whoever reads it wants nothing to move.
export function isStill() { return matchMedia("(prefers-reduced-motion: reduce)").matches; }

export function isSideBySide() { return find("perspective").value === "both"; }
