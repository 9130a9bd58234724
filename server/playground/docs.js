// The API's document as a page. No text from outside becomes markup, and nothing is loaded from elsewhere.
"use strict";

const find = (id) => document.getElementById(id);

function make(name, attributes = {}, ...inner) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...inner);
  return node;
}

function resolve(schema, document) {
  return schema && schema.$ref ? document.components.schemas[schema.$ref.split("/").pop()] : schema || {};
}

function nameKind(schema, document) {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const options = (schema.anyOf || schema.oneOf || []).filter((option) => option.type !== "null");
  if (options.length) return options.map((option) => nameKind(option, document)).join(" | ");
  if (schema.type === "array") return `${nameKind(schema.items, document) || "any"}[]`;
  return schema.type || "any";
}

// The fields of an object, each followed by those of the object that it is itself: image, image.handle, ...
function listNested(whole, document, before = "") {
  return Object.entries(whole.properties || {}).flatMap(([name, field]) => {
    const inner = resolve(field, document);
    const isNeeded = (whole.required || []).includes(name);
    return [[before + name, field, isNeeded], ...(before ? [] : listNested(inner, document, `${name}.`))];
  });
}

function listFields(schema, document) {
  const whole = resolve(schema, document);
  const rows = listNested(whole, document).map(([name, field, isNeeded]) => {
    const fallback = field.default === undefined || field.default === null ? "" : `default ${JSON.stringify(field.default)}`;
    return make("tr", {}, make("td", {}, make("code", {}, name), isNeeded ? " *" : ""),
      make("td", {}, nameKind(field, document)), make("td", {}, [field.description || "", fallback].filter(Boolean).join("; ")));
  });
  if (!rows.length) return make("p", {}, nameKind(schema, document));
  const head = make("tr", {}, ...["field", "kind", "meaning"].map((text) => make("th", { scope: "col" }, text)));
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Fields" },
    make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)));
}

function showExample(value) {
  return make("pre", { tabindex: "0" }, typeof value === "string" ? value : JSON.stringify(value, null, 2));
}

function showBody(body, document) {
  const parts = [make("h3", {}, `Body: ${Object.keys(body.content).join(", ")}`)];
  const json = body.content["application/json"];
  if (json) {
    parts.push(listFields(json.schema, document));
    for (const [name, example] of Object.entries(json.examples || {})) parts.push(make("h4", {}, name), showExample(example.value));
  }
  return parts;
}

function showAnswer(status, answer, document) {
  const content = Object.entries(answer.content || {});
  const parts = [make("h3", {}, `${status}: ${content.map(([type]) => type).join(", ") || answer.description}`)];
  for (const [type, { schema, example }] of content) {
    if (type === "application/json" && schema) parts.push(listFields(schema.type === "array" ? schema.items : schema, document));
    if (example) parts.push(showExample(example));
  }
  return parts;
}

function showOperation(method, path, operation, document) {
  const title = make("h2", { id: operation.operationId }, `${method.toUpperCase()} ${path}`);
  const section = make("section", { class: "panel", "aria-labelledby": operation.operationId }, title,
    make("p", {}, operation.description || operation.summary || ""));
  const given = (operation.parameters || []).filter((parameter) => parameter.in === "path" || !operation.requestBody);
  if (given.length) {
    section.append(make("h3", {}, "Parameters"), make("ul", {}, ...given.map((parameter) =>
      make("li", {}, make("code", {}, parameter.name), ` (${parameter.in}) ${parameter.description || ""}`))));
  }
  if (operation.requestBody) section.append(...showBody(operation.requestBody, document));
  const refused = [];
  for (const [status, answer] of Object.entries(operation.responses)) {
    if (status < 400) section.append(...showAnswer(status, answer, document)); else refused.push(status);
  }
  if (refused.length) section.append(make("p", {}, `Refused with ${refused.join(", ")}: problem details (RFC 9457).`));
  return section;
}

function showDocument(api) {
  find("about").textContent = api.info.description;
  const all = Object.entries(api.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ method, path, operation })));
  find("routes").replaceChildren(make("ul", {}, ...all.map(({ method, path, operation }) =>
    make("li", {}, make("a", { href: `#${operation.operationId}` }, `${method.toUpperCase()} ${path}`)))));
  find("operations").replaceChildren(...all.map(({ method, path, operation }) => showOperation(method, path, operation, api)));
}

async function load() {
  const key = find("key").value;
  try {
    const response = await fetch("/openapi.json", { headers: key ? { "X-Api-Key": key } : {} });
    const told = await response.json();
    find("key-form").hidden = response.status !== 401;
    find("wrong").textContent = response.ok || !key ? "" : told.detail;
    if (response.ok) showDocument(told);
  } catch {
    find("about").textContent = "The server cannot be reached.";
  }
}

find("key-form").addEventListener("submit", (event) => { event.preventDefault(); load(); });
load();
