"""A query as a notebook shows it: what was understood, as HTML."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from .explain import write_sentence

if TYPE_CHECKING:
    from .query import Query


def show_query(query: Query) -> str:
    """Return the instruction, what it means in a sentence, its notes, and the canonical text."""
    whose = "picture" if query.perspective == "viewer" else "person"
    return (
        f"<div><p><q>{escape(query.text)}</q></p><p>{escape(write_sentence(query))} Left and right are the "
        f"{whose}'s.</p>{write_notes(query.notes)}<p><code>{escape(query.canonical)}</code></p></div>"
    )


def write_notes(notes: Iterable[str]) -> str:
    """Return notes as a list; nothing for none."""
    items = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return f"<ul>{items}</ul>" if items else ""
