"""Arguments of the wrong kind: a typed error that says what is wanted. Without numpy, for those who only parse."""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Sequence
from numbers import Real

from ..errors import ConfigError

LONGEST_SHOWN = 80
LONGEST_PATH_SHOWN = 1000


def show(value: object, most: int = LONGEST_SHOWN) -> str:
    """Return how a value that was given is written in an error, shortened to so many characters."""
    try:
        text = repr(value)
    except Exception:  # an integer of more digits than Python writes, or an object that cannot show itself
        text = f"a {type(value).__name__} that cannot be written"
    return text if len(text) <= most else text[: most - 1] + "…"


def show_path(path: str | os.PathLike[str]) -> str:
    """Return how a path is written in an error: whole, unless no file could have it."""
    return show(os.fspath(path), LONGEST_PATH_SHOWN)


def check_choice(name: str, value: object, choices: Sequence[str]) -> None:
    """Refuse what is none of some words.

    Raises:
        ConfigError: It is none.
    """
    # An array is compared number by number, and then neither equal nor different.
    if not isinstance(value, str) or value not in choices:
        words = [f'"{choice}"' for choice in choices]
        raise ConfigError(f"{name} must be {', '.join(words[:-1])} or {words[-1]}, not {show(value)}")


def check_words(where: object) -> None:
    """Refuse what is no text that says a place.

    Raises:
        ConfigError: It is none.
    """
    if not isinstance(where, str):
        raise ConfigError(f"a place is told in words, such as 'left eye', not as {show(where)}")


def read_index(face: object) -> int:
    """Return an index into an answer's faces; whether it has such a face is another question.

    Raises:
        ConfigError: It is no whole number.
    """
    try:
        if not isinstance(face, bool):
            return operator.index(face)  # type: ignore[arg-type]
    except (TypeError, RuntimeError):  # arrays and tensors of several numbers
        pass
    raise ConfigError(f"face is an index into the answer's faces, from 0, not {show(face)}")


def read_whole(name: str, value: object, least: int) -> int:
    """Return a whole number of at least some size.

    Raises:
        ConfigError: It is none.
    """
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except (TypeError, RuntimeError):
        number = least - 1
    if number < least or isinstance(value, bool):
        raise ConfigError(f"{name} must be a whole number of {least} or more, not {show(value)}")
    return number


def read_number(name: str, value: object, wanted: str, *, low: float = 0.0, may_be_low: bool = False) -> float:
    """Return a finite number above some bound, or at it.

    Args:
        name: The argument's.
        value: What was given.
        wanted: What it says in the error: "a number of pixels above 0".
        low: The bound.
        may_be_low: Whether the bound itself will do.

    Raises:
        ConfigError: It is none.
    """
    number = math.nan
    if isinstance(value, Real) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
    if not (math.isfinite(number) and (number > low or (may_be_low and number == low))):
        raise ConfigError(f"{name} must be {wanted}, not {show(value)}")
    return number
