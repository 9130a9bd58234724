"""JSON schemas of tools, cut down to what an agent needs: it pays for every word of the list in each session."""

from __future__ import annotations

from typing import Any

UNTOLD = ("title", "minLength", "maxLength", "minItems", "maxItems")
"""Words that say nothing an agent writes by; what they forbid is refused all the same."""


def trim_input_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a tool's input schema without titles, references and the null of what may be left out."""
    definitions = schema.get("$defs", {})
    trimmed = trim_node({key: value for key, value in schema.items() if key != "$defs"}, definitions)
    assert isinstance(trimmed, dict)
    return trimmed


def trim_node(node: Any, definitions: dict[str, Any], *, holds_names: bool = False) -> Any:
    """Return a node of an input schema; `holds_names` where its keys are names of fields, not words of the schema."""
    if isinstance(node, list):
        return [trim_node(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if holds_names:
        return {name: trim_node(value, definitions) for name, value in node.items()}
    if "$ref" in node:
        node = {**definitions[node["$ref"].rpartition("/")[2]], **{k: v for k, v in node.items() if k != "$ref"}}
    options = [option for option in node.get("anyOf", []) if option.get("type") != "null"]
    if len(options) == 1:
        node = {**options[0], **{key: value for key, value in node.items() if key != "anyOf"}}
    return {
        key: trim_node(value, definitions, holds_names=key == "properties")
        for key, value in node.items()
        if key not in UNTOLD and (key, value) not in (("default", None), ("minimum", 0))
    }


def trim_output_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Return an output schema that names the fields of a result with their kinds, and no more.

    Nothing is required: a result may hold several answers, or go over pages.
    """
    definitions = schema.get("$defs", {})
    return {
        "type": "object",
        "properties": {name: name_kind(field, definitions) for name, field in schema.get("properties", {}).items()},
    }


def name_kind(field: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the kind of a field; nothing where it is one of several."""
    if "$ref" in field:
        field = definitions[field["$ref"].rpartition("/")[2]]
    return {"type": field["type"]} if "type" in field else {}
