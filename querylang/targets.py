"""What a name means, and what is raised when it means nothing."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import Problem
from .names import Pieces, Place
from .tokens import Span


class MistakeError(Exception):
    """A problem found while resolving; the composer collects them."""

    def __init__(self, code: str, message: str, span: Span, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.problem = Problem(code, message, span, suggestion)


@dataclass(frozen=True, slots=True)
class Target:
    """What a name means.

    Attributes:
        units: The named members in order, each a run of pieces; "each" counts them one by one.
        stretches: The units when two or more points are asked ("chin", "middle of ...").
        is_each: The name said "each" or "both".
        is_all_face: The name is the whole face.
        notes: What the answer should say about the reading.
    """

    units: tuple[Pieces, ...]
    start: int
    stop: int
    stretches: tuple[Pieces, ...] | None = None
    is_each: bool = False
    is_all_face: bool = False
    notes: tuple[str, ...] = ()

    @property
    def pieces(self) -> Pieces:
        return tuple(piece for unit in self.units for piece in unit)

    @property
    def is_place(self) -> bool:
        return all(isinstance(piece, Place) for piece in self.pieces)

    @property
    def span(self) -> Span:
        return (self.start, self.stop)
