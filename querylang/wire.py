"""What crosses a wire: queries, mistakes and listings as pydantic models with JSON schema."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ..errors import QueryError
from .describe import describe_layouts, describe_parts
from .query import Query


class Wire(BaseModel):
    """Base of all models here: immutable, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class WireLandmark(Wire):
    """One landmark asked for."""

    part: str = Field(description="Face part, in the viewer's terms.")
    fpalp: float = Field(ge=0, le=1, description="Place along the part's curve, 0 at its start and 1 at its end.")


class WireQuery(Wire):
    """An instruction as it was understood."""

    text: str = Field(description="The instruction as given.")
    canonical: str = Field(description="The same query as canonical text; it parses back under any setting.")
    perspective: Literal["viewer", "subject"] = Field(description="Whose left plain 'left' was.")
    spacing: Literal["fpalp", "arc"] = Field(description="Equal FPALP steps, or equal distances in the picture.")
    faces: str = Field(description="Which faces: largest, leftmost, all, 2, ...")
    shape: Literal["polygon", "polyline"] | None = Field(description="What the points are to be drawn as.")
    count: int | None = Field(description="Points on each face; null where only the picture tells.")
    landmarks: tuple[WireLandmark, ...] = Field(description="In the order asked; provisional for spacing 'arc'.")
    notes: tuple[str, ...] = Field(description="Readings that were chosen, and what else is worth knowing.")
    explanation: str = Field(description="What was understood, for people.")

    @classmethod
    def of(cls, query: Query) -> WireQuery:
        """Return the wire form of a query."""
        return cls(
            text=query.text,
            canonical=query.canonical,
            perspective=query.perspective,
            spacing=query.spacing,
            faces=query.faces,
            shape=query.shape,
            count=query.count,
            landmarks=tuple(WireLandmark(part=q.part, fpalp=float(q.fpalp)) for q in query.landmarks),
            notes=query.notes,
            explanation=query.explain(),
        )


class WireProblem(Wire):
    """One mistake in an instruction."""

    code: str = Field(description="A stable word for programs, such as unknown_part.")
    message: str = Field(description="What is wrong, for people.")
    span: tuple[int, int] = Field(description="The words at fault: half-open indices into the text, in code points.")
    suggestion: str | None = Field(description="What may have been meant.")


class WireQueryError(Wire):
    """Everything that is wrong with an instruction."""

    text: str = Field(description="The instruction as given.")
    message: str = Field(description="All mistakes with carets, for people.")
    problems: tuple[WireProblem, ...]

    @classmethod
    def of(cls, error: QueryError) -> WireQueryError:
        """Return the wire form of a query error."""
        problems = tuple(
            WireProblem(code=p.code, message=p.message, span=p.span, suggestion=p.suggestion) for p in error.problems
        )
        return cls(text=error.text, message=str(error), problems=problems)


class WirePart(Wire):
    """A face part that can be asked for."""

    name: str
    kind: Literal["open", "closed", "point"]
    unified_count: int = Field(description="Points when no number is given.")
    curve: str = Field(description="Where FPALP 0 lies and which way the curve runs.")
    other_names: tuple[str, ...]


class WireLayout(Wire):
    """A layout that can be asked for."""

    name: str
    title: str
    size: int
    own_numbering: bool = Field(description="Whether the dataset's files number in this order too.")
    parts: tuple[str, ...]


def list_parts() -> tuple[WirePart, ...]:
    """Return every part that can be asked for, in the order of "all parts"."""
    return tuple(
        WirePart(name=p.name, kind=p.kind, unified_count=p.unified_count, curve=p.curve, other_names=p.other_names)
        for p in describe_parts()
    )


def list_layouts() -> tuple[WireLayout, ...]:
    """Return every layout that can be asked for."""
    return tuple(
        WireLayout(name=x.name, title=x.title, size=x.size, own_numbering=x.own_numbering, parts=x.parts)
        for x in describe_layouts()
    )
