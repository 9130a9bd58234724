"""Every error faceql raises on purpose.

FaceQLError
├── QueryError(ValueError)     the instruction: what to change in it, and where
├── ImageError                 the photo cannot be read, or is larger than allowed
│   ├── TooManyPixelsError     it has more pixels than are read
│   ├── VideoError             a video or camera cannot be read, or no further
│   ├── NoFaceError            no face was found in it
│   └── NoSuchFaceError        it has faces, but not the one asked for
├── NoSuchPointError(LookupError)  an answer does not hold the points that are wanted of it
├── CheckpointError            the weights are missing, damaged or of another model
├── ConfigError                a setting, recipe or data file is wrong
└── ServiceError               a door (HTTP, MCP) turned the request away; `code` says why
    └── InvalidRequestError    the request is not of the right form; `errors` says where
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any


class FaceQLError(Exception):
    """The root: catch it to catch everything faceql raises on purpose.

    Examples:
        >>> try:
        ...     engine.ask("missing.jpg", "4 points per eyebrowwn")
        ... except faceql.FaceQLError as error:
        ...     print(type(error).__name__)
        QueryError
    """


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in an instruction.

    Attributes:
        code: A stable word for programs ("unknown_part", "count"); language.md lists them.
        message: What is wrong, for people.
        span: The words at fault, half-open Python string indices into the text as given.
        suggestion: What may have been meant, or None.
    """

    code: str
    message: str
    span: tuple[int, int]
    suggestion: str | None = None


class QueryError(FaceQLError, ValueError):
    """The instruction cannot be answered; everything that is wrong with it, and where.

    Attributes:
        text: The instruction as given.
        problems: All mistakes found, in the order of the text, at most 20.
        code, message, span, suggestion: Those of the first problem.

    Examples:
        >>> try:
        ...     faceql.parse("4 points on the left eyebrowwn")
        ... except faceql.QueryError as error:
        ...     print(error.code, error.span, error.suggestion)
        unknown_part (21, 30) 'eyebrow'
    """

    def __init__(self, text: str, problems: Sequence[Problem]) -> None:
        super().__init__(text, tuple(problems))
        self.text = text
        self.problems = tuple(problems)

    @property
    def code(self) -> str:
        return self.problems[0].code

    @property
    def message(self) -> str:
        return self.problems[0].message

    @property
    def span(self) -> tuple[int, int]:
        return self.problems[0].span

    @property
    def suggestion(self) -> str | None:
        return self.problems[0].suggestion

    def __str__(self) -> str:
        return "\n".join(draw_problem(self.text, problem) for problem in self.problems)


def draw_problem(text: str, problem: Problem) -> str:
    """Return a problem as lines: the message, the line of the text, carets under the words, a suggestion."""
    start, stop = problem.span
    begin = text.rfind("\n", 0, start) + 1
    end = text.find("\n", start)
    line = text[begin:] if end < 0 else text[begin:end]
    cut = max(0, start - begin - 60)
    shown = line[cut : cut + 100]
    lines = [problem.message]
    if shown.strip():
        width = max(1, min(stop, begin + cut + len(shown)) - start)
        lines += ["  " + shown.replace("\t", " "), "  " + " " * (start - begin - cut) + "^" * width]
    if problem.suggestion:
        # Names to say instead end in a quote; anything else is a sentence of its own.
        is_names = problem.suggestion.endswith("'")
        lines.append(f"did you mean {problem.suggestion}?" if is_names else problem.suggestion)
    return "\n".join(lines)


class ImageError(FaceQLError):
    """The photo cannot be used; the message says why and what would do.

    Examples:
        >>> engine.ask("missing.jpg", "pupils")
        Traceback (most recent call last):
        faceql.errors.ImageError: there is no file 'missing.jpg'
    """


class TooManyPixelsError(ImageError):
    """The photo has more pixels than are read.

    Attributes:
        name: What it is called.
        width, height: Its size, pixels.
        max_pixels: The most that are read.
    """

    def __init__(self, name: str, width: int, height: int, max_pixels: int) -> None:
        super().__init__(name, width, height, max_pixels)
        self.name, self.width, self.height, self.max_pixels = name, width, height, max_pixels

    def __str__(self) -> str:
        return f"{self.name} is too large: {self.width} x {self.height}, more than {self.max_pixels:,} pixels"

    @property
    def pixels(self) -> int:
        """How many it has."""
        return self.width * self.height


class VideoError(ImageError):
    """A video or a camera cannot be read, or no further than where this is raised.

    Examples:
        >>> list(engine.track("README.md", "pupils"))  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        faceql.errors.VideoError: ...
    """


class NoFaceError(ImageError):
    """No face was found in the photo.

    Examples:
        >>> engine.ask(np.zeros((80, 80, 3), np.uint8), "pupils")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        faceql.errors.NoFaceError: no face was found in the photo of 80 x 80 pixels...
    """


class NoSuchFaceError(ImageError):
    """The photo has faces, but not the one the instruction asks for.

    Examples:
        >>> engine.ask(photo, "pupils", faces="face 2")
        Traceback (most recent call last):
        faceql.errors.NoSuchFaceError: the photo has only one face: there is no face 2
    """


class NoSuchPointError(FaceQLError, LookupError):
    """An answer does not hold the points that are wanted of it; the message says what to ask for.

    Examples:
        >>> engine.ask(photo, "pupils")["left eyebrow"]
        Traceback (most recent call last):
        faceql.errors.NoSuchPointError: the answer holds no points on 'left eyebrow': ask for them too
    """


class CheckpointError(FaceQLError):
    """The weights are missing, damaged, or made for another model.

    Examples:
        >>> faceql.Engine("cpu", "missing.safetensors")
        Traceback (most recent call last):
        faceql.errors.CheckpointError: no weights at missing.safetensors
    """


class ConfigError(FaceQLError):
    """A setting, a recipe or a data file is wrong; the message names the key.

    Examples:
        >>> engine.ask("examples/astronaut.jpg", "pupils", color="grey")
        Traceback (most recent call last):
        faceql.errors.ConfigError: color must be "rgb" or "bgr", not 'grey'
    """


class ServiceError(FaceQLError):
    """A door turned the request away, not the photo or the instruction; `server/error_kinds.py` lists the codes.

    Attributes:
        code: A stable word for programs ("busy", "unknown_handle", "image_source").
        retry_after: Seconds after which the same request may succeed; None where waiting does not help.
    """

    def __init__(self, code: str, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), retry_after=self.retry_after), (self.code, str(self))


class InvalidRequestError(ServiceError):
    """The request is not of the right form ("invalid_request").

    Attributes:
        errors: Each with `loc`, where, and `msg`, what is wrong; never what was sent.
    """

    def __init__(self, errors: Sequence[dict[str, Any]]) -> None:
        place = ".".join(str(step) for step in errors[0]["loc"]) or "the body"
        super().__init__("invalid_request", f"{place}: {errors[0]['msg']}")
        self.errors = list(errors)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.errors,)
