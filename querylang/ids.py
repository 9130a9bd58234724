"""Layouts and their ids: the landmarks of a dataset's template."""

from __future__ import annotations

from collections.abc import Sequence

from .clauses import Member
from .names import Piece, Pieces, Stretch
from .phrases import PhraseResolver
from .registry import Layout, Registry
from .runs import LayoutRun, Run, lies_on
from .targets import MistakeError
from .tokens import Token

INNER_FROM = 18


class IdResolver:
    """Resolves layouts, ids and layouts restricted to parts."""

    def __init__(self, registry: Registry, phrases: PhraseResolver, ids_from: int) -> None:
        self.registry = registry
        self.phrases = phrases
        self.ids_from = ids_from
        self.notes: list[str] = []
        self.last: Token | None = None

    def take_notes(self) -> list[str]:
        notes, self.notes = self.notes, []
        return notes

    def resolve(self, member: Member, within: tuple[Pieces, ...] | None = None) -> list[Run]:
        """Return the landmarks of a layout that a member asks for.

        Args:
            member: A layout with ids, a name, or both.
            within: The stretches of the range it stands with; None without one.

        Raises:
            MistakeError: No layout is named, an id is not in it, or it has no point there.
        """
        token = member.layout or self.last
        if token is None:
            raise MistakeError(
                "unknown_layout", "ids of which layout?", member.span, "'300W', 'WFLW', 'AFLW' or 'COFW'"
            )
        self.last = token
        layout = self.registry.layouts[token.value]
        if not layout.own_numbering:
            self.notes.append(f"{layout.title} is numbered as in the paper; the dataset's files number otherwise")
        ids = list(range(1, layout.size + 1))
        if member.ids:
            self.notes.append(f"ids count from {self.ids_from}")
            ids = [number for node in member.ids for pair in node.ranges for number in self.expand(layout, *pair)]
        if member.inner is not None:
            if layout.name != "300w":
                raise MistakeError("id_range", "only 300W has 51 inner points", member.inner.span)
            ids = [number for number in ids if number >= INNER_FROM]
        if member.parity is not None:
            odd = member.parity.value == "odd"
            ids = [number for number in ids if (number - 1 + self.ids_from) % 2 == odd]
        if not ids:
            raise MistakeError("nothing_left", f"{layout.title} has no such points", member.span)
        if within is None and member.phrase is not None:
            within = self.phrases.resolve(member.phrase).units
        if within is None:
            return [LayoutRun(layout.name, tuple(ids))]
        return self.restrict(layout, ids, member, [piece for unit in within for piece in unit])

    def restrict(self, layout: Layout, ids: list[int], member: Member, pieces: Sequence[Piece]) -> list[Run]:
        """Return the landmarks of a layout that lie on named pieces, piece by piece; along a range in its direction."""
        kept: list[int] = []
        for piece in pieces:
            inside = [number for number in ids if self.lies_on(layout, number, piece) and number not in kept]
            if member.range is not None and isinstance(piece, Stretch):
                low = piece.start if piece.start <= piece.stop else piece.stop
                inside.sort(key=lambda number, low=low: (layout.landmarks[number - 1].fpalp - low) % 1)  # type: ignore[misc]
                if piece.start > piece.stop:
                    inside.reverse()
            kept += inside
        if not kept:
            node = member.phrase or member.range
            span = (node.start, node.stop) if node is not None else member.span
            raise MistakeError("nothing_left", f"{layout.title} has no point there", span)
        return [LayoutRun(layout.name, tuple(kept))]

    def lies_on(self, layout: Layout, number: int, piece: Piece) -> bool:
        query = layout.landmarks[number - 1]
        return lies_on(query.part, query.fpalp, piece, self.registry)

    def expand(self, layout: Layout, first: Token, last: Token) -> list[int]:
        """Return the ids, from 1, of "37 to 42" (falling ranges turn the order)."""
        bounds = []
        for token in (first, last):
            base = 1 if token.is_canonical else self.ids_from
            number = token.value.value - base + 1
            if number.denominator != 1 or not 1 <= number <= layout.size:
                low, high = base, layout.size + base - 1
                raise MistakeError("id_range", f"{layout.title} has the ids {low} to {high}", token.span)
            bounds.append(int(number))
        step = 1 if bounds[0] <= bounds[1] else -1
        return list(range(bounds[0], bounds[1] + step, step))
