// The HTTP service as the page asks it. No text from outside becomes markup.

export class Refused extends Error {
  constructor(problem) { super(problem.detail); this.problem = problem; }
}

export function readKey() { return document.getElementById("key").value; }

export function keyHeaders() { return readKey() ? { "X-Api-Key": readKey() } : {}; }

export async function call(path, body, type) {
  const response = await fetch(path, { method: "POST", headers: { "Content-Type": type, ...keyHeaders() }, body });
  return readJson(response);
}

export function callJson(path, data) {
  return call(path, JSON.stringify(data), "application/json");
}

// A file that the server makes of an ask, in the form that `accept` names.
export async function fetchFile(path, data, accept) {
  const headers = { "Content-Type": "application/json", Accept: accept, ...keyHeaders() };
  const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(data) });
  return response.ok ? response.blob() : readJson(response);
}

export async function readJson(response) {
  let data = null;
  try {
    data = await response.json();
  } catch {
    throw new Refused({ detail: describeStranger(response) });
  }
  if (!response.ok) throw new Refused(typeof data.detail === "string" ? data : { detail: describeStranger(response) });
  return data;
}

// What stands between page and server may answer too: a proxy, with a page of its own.
export function describeStranger(response) {
  return `The server answered ${response.status}${response.statusText ? ` (${response.statusText})` : ""}, and not in JSON: something between this page and faceql may have answered in its place.`;
}

export function tellError(error) {
  if (error instanceof Refused) return error.problem;
  console.info(error);
  return { detail: "The server cannot be reached. Is faceql serve still running?" };
}

// One upload a photo, however often it is asked about meanwhile.
export function openPhoto(photo) {
  // What is no image is sent all the same: the server says what it reads.
  const type = photo.file.type.startsWith("image/") ? photo.file.type : "application/octet-stream";
  photo.opening ??= call("/v1/images", photo.file, type)
    .then((opened) => { photo.size = opened.image_size; return opened; })
    .catch((error) => { photo.opening = null; throw error; });
  return photo.opening;
}

export async function askPhoto(photo, request) {
  return (await useHandle(photo, (image) => callJson("/v1/ask", { image, ...request }))).answers[0];
}

// What `ask({ handle })` gives.
export async function useHandle(photo, ask) {
  for (let attempt = 0; ; attempt++) {
    const { handle } = await openPhoto(photo);
    try {
      return await ask({ handle });
    } catch (error) {
      // The handle has ended: the photo is still here, so open it again, once.
      if (attempt > 0 || !(error instanceof Refused) || error.problem.code !== "unknown_handle") throw error;
      photo.opening = null;
    }
  }
}
