"""The JavaScript client: an ES module made from the OpenAPI document, for browsers and Node alike."""

from __future__ import annotations

import json
from typing import Any

from .http_docs import OPEN_ROUTES

HEAD = """\
// faceql's client, made from the server's OpenAPI document. It runs in browsers and in Node 18 and later; Node imports
// files, so save it there first: curl -o faceql.mjs http://127.0.0.1:8000/client.js
//
//   import { Faceql } from "./faceql.mjs";  // in a page "http://127.0.0.1:8000/client.js"
//   const faceql = new Faceql("http://127.0.0.1:8000");
//   const { answers } = await faceql.askLandmarks(file, { instruction: "4 points per eyebrow" });

/**
 * What the server refused: `problem` is its problem details (RFC 9457), `code` its stable word, `status` that of the answer.
 * Where nothing answers the code is "unreachable" and the status 0.
 */
export class FaceqlError extends Error {
  constructor(problem, status, options) {
    super(problem.detail ?? `the server answered ${status}, and not as faceql does`, options);
    this.name = "FaceqlError";
    this.problem = problem;
    this.code = problem.code ?? "unreachable";
    this.status = status;
  }
}

export class Faceql {
  /**
   * @param {string} url where the server is
   * @param {{key?: string, retries?: number, fetch?: typeof fetch}} settings its API key, if it asks for one; how often a request
   *   is sent again that the server is too busy for, when it says so
   */
  constructor(url, { key = null, retries = 3, fetch: send = globalThis.fetch } = {}) {
    this.url = url.replace(/\\/$/, "");
    this.key = key;
    this.retries = retries;
    this.send = (...request) => send(...request);
  }

  async request(method, path, body, type, accept) {
    const headers = {};
    if (type) headers["Content-Type"] = type;
    if (accept) headers.Accept = accept;
    if (this.key) headers["X-Api-Key"] = this.key;
    let response;
    for (let attempt = 0; ; attempt++) {
      response = await this.send(this.url + path, { method, headers, body }).catch((cause) => {
        throw new FaceqlError({ detail: `there is no answer from ${this.url}` }, 0, { cause });
      });
      const wait = Number(response.headers.get("retry-after"));
      if (![429, 503].includes(response.status) || !wait || attempt === this.retries) break;
      await new Promise((go) => setTimeout(go, 1000 * Math.min(wait, 30)));
    }
    const media = (response.headers.get("content-type") ?? "").split(";")[0];
    if (!response.ok) throw new FaceqlError(media.endsWith("json") ? await response.json() : {}, response.status);
    if (response.status === 204) return null;
    if (media === "application/json") return response.json();
    if (media === "application/jsonl") return (await response.text()).split("\\n").filter(Boolean).map((line) => JSON.parse(line));
    return media.startsWith("text/") || media === "image/svg+xml" ? response.text() : response.blob();
  }

  /** A photo is a Blob, an ArrayBuffer, bytes, or what names it: { handle }, { url } or { base64 }. */
  async requestPhoto(path, image, options, accept) {
    const names = image !== null && typeof image === "object" ? Object.keys(image) : [];
    if (names.length === 1 && ["handle", "url", "base64"].includes(names[0])) {
      return this.request("POST", path, JSON.stringify({ image, ...options }), "application/json", accept);
    }
    const query = new URLSearchParams();
    const repeated = { instructions: ["instruction", String], boxes: ["box", (box) => box.join(",")], distances: ["distance", (pair) => pair.join("|")] };
    for (const [name, value] of Object.entries(options)) {
      const [field, write] = repeated[name] ?? [name, String];
      for (const item of repeated[name] ? value : [value]) query.append(field, write(item));
    }
    return this.request("POST", `${path}?${query}`, image, "application/octet-stream", accept);
  }
"""  # noqa: E501


def write_javascript_client(document: dict[str, Any]) -> str:
    """Return the module: a method for each operation of the document, with what it takes told before it."""
    methods = [
        write_method(method, path, operation, document)
        for path, operations in document["paths"].items()
        if path not in (*OPEN_ROUTES, "/metrics")
        for method, operation in operations.items()
    ]
    return "\n".join([HEAD, *methods]) + "}\n"


def write_method(method: str, path: str, operation: dict[str, Any], document: dict[str, Any]) -> str:
    """Return the method of one operation."""
    name = write_camel_case(operation["operationId"])
    lines = ["  /**", f"   * {operation.get('description') or operation['summary']}"]
    bodies = operation.get("requestBody", {}).get("content", {})
    if "image/*" in bodies:
        lines += document_options(bodies["application/json"]["schema"], document)
        call = f"this.requestPhoto({json.dumps(path)}, image, options, accept)"
        head = f"{name}(image, options = {{}}, accept = null)"
    elif bodies:
        lines += document_options(bodies["application/json"]["schema"], document)
        call = f'this.request("POST", {json.dumps(path)}, JSON.stringify(options), "application/json")'
        head = f"{name}(options)"
    else:
        parameters = operation.get("parameters", [])
        names = [item["name"] for item in parameters if item["in"] == "path"]
        options = [item for item in parameters if item["in"] == "query"]
        place = path
        for parameter in names:
            place = place.replace(f"{{{parameter}}}", f"${{encodeURIComponent({parameter})}}")
        if options:
            lines += [f"   * @param options.{item['name']} {item['description']}" for item in options]
            names.append("options = {}")
            place += "?${new URLSearchParams(options)}"
        call = f'this.request("{method.upper()}", `{place}`, undefined, null, accept)'
        head = f"{name}({', '.join([*names, 'accept = null'])})"
    return "\n".join([*lines, "   */", f"  {head} {{", f"    return {call};", "  }", ""])


def document_options(schema: dict[str, Any], document: dict[str, Any]) -> list[str]:
    """Return the lines that say which options there are."""
    return [
        f"   * @param options.{name} {field['description']}"
        for name, field in schema.get("properties", {}).items()
        if name != "image" and "description" in field
    ]


def write_camel_case(name: str) -> str:
    """Return a name as JavaScript writes it."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
