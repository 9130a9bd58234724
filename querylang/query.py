"""The query: what an instruction asks for, resolved and exact."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from .canonical import write_query
from .landmarks import LandmarkQuery
from .registry import Registry, load_registry
from .runs import CurveRun, Run, is_arc, lay_out, merge_places
from .shapes import Role, RunShape, Shape, find_roles

Perspective = Literal["viewer", "subject"]


@dataclass(frozen=True, eq=False)
class Query:
    """An instruction resolved to landmark queries.

    Two are equal when landmarks, spacing, faces, shape and `visible_only` are.

    Attributes:
        text: The instruction as given.
        runs: How the points lie, in the order asked; enough to lay them out on curves.
        faces: Which faces: "largest", "smallest", "leftmost", "rightmost", "middle", "all", numbers from the left
            as text ("2", "1 3"), an ordinal with largest or smallest ("second largest"), or a number of them
            ("2 largest").
        shape: "polygon", "polyline", or None: what the points are for, all of them.
        shapes: The shape of each run, where they differ or one is a "hole" of the polygon before it; empty otherwise.
        visible_only: Points that are not seen in the photo are left out of the answer.
        perspective: Whose left plain "left" was: "viewer" or "subject".
        notes: Readings chosen and things worth knowing.

    Examples:
        >>> query = faceql.parse("10 points from left chin to jaw end")
        >>> query.count, query.canonical
        (10, 'face_contour[13/32 .. 0] * 10')
    """

    text: str
    runs: tuple[Run, ...]
    faces: str = "largest"
    shape: Shape | None = None
    perspective: Perspective = "viewer"
    notes: tuple[str, ...] = ()
    registry: Registry = field(default_factory=load_registry, repr=False)
    shapes: tuple[RunShape | None, ...] = ()
    visible_only: bool = False

    @property
    def roles(self) -> tuple[Role | None, ...]:
        """What each run does in rings and lines.

        Examples:
            >>> faceql.parse("upper lash line polyline, pupils").roles
            ('polyline', 'polyline', None, None)
        """
        return find_roles(self.runs, self.shapes or [self.shape] * len(self.runs))

    @property
    def spacing(self) -> Literal["fpalp", "arc"]:
        """ "arc" if any of the points lie at equal distances in the picture, else "fpalp".

        Examples:
            >>> faceql.parse("20 points on the outer lip at equal distances").spacing
            'arc'
        """
        return "arc" if any(is_arc(run) for run in self.runs) else "fpalp"

    @property
    def count(self) -> int | None:
        """How many points a face gets; None where only the picture tells.

        Examples:
            >>> faceql.parse("a point every 5 px along the jawline").count is None
            True
        """
        return None if self.visible_only else self.laid_out

    @property
    def laid_out(self) -> int | None:
        """How many points are laid out on a face, seen or not; None where only the picture tells.

        Examples:
            >>> faceql.parse("only the visible points of the 300W layout").laid_out
            68
        """
        total = 0
        for run in self.runs:
            if run.count is None or (isinstance(run, CurveRun) and run.removed):
                return None
            total += run.count
        return total

    @cached_property
    def landmarks(self) -> tuple[LandmarkQuery, ...]:
        """The landmarks in the order asked; with spacing "arc", provisional places at equal FPALP steps.

        Examples:
            >>> faceql.parse("nose tip").landmarks
            (LandmarkQuery(part='nose bridge', fpalp=Fraction(1, 1)),)
        """
        return tuple(self)

    def __iter__(self) -> Iterator[LandmarkQuery]:
        return lay_out(self.runs, self.registry)

    @cached_property
    def canonical(self) -> str:
        """The query as canonical text, in the viewer's terms; it parses back to this query.

        Examples:
            >>> faceql.parse("her left eye, 6 points").canonical
            'right_eye * 6'
        """
        runs = self.runs if self.shapes else merge_places(self.runs)
        return write_query(runs, self.shape, self.faces, self.registry, self.shapes, visible=self.visible_only)

    def explain(self) -> str:
        """Return what was understood, for people, line by line.

        Examples:
            >>> print(faceql.parse("4 points per eyebrow").explain().splitlines()[0])
            4 points on the left eyebrow, then 4 on the right eyebrow: 8 points in all.
        """
        from .explain import explain_query

        return explain_query(self)

    def _repr_html_(self) -> str:
        """Show in Jupyter what was understood."""
        from .notebook import show_query

        return show_query(self)

    def _key(self) -> tuple[object, ...]:
        arcs = tuple(run for run in self.runs if is_arc(run))
        return (self.landmarks, self.spacing, arcs, self.faces, self.shape, self.shapes, self.visible_only)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Query):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash((self.landmarks, self.spacing, self.faces, self.shape, self.shapes))
