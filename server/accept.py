"""Choosing the form of an answer by the request's Accept header (RFC 9110)."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import ServiceError


def choose_media(accept: str | None, offered: Sequence[str]) -> str:
    """Return the media type that a client likes best; the first one offered where it likes several alike.

    Raises:
        ServiceError: It takes none of them ("not_acceptable").
    """
    ranges = [read_range(text) for text in (accept or "*/*").split(",") if text.strip()]
    liked = {media: rate_media(media, ranges) for media in offered}
    best = max(offered, key=lambda media: liked[media])
    if liked[best] <= 0:
        raise ServiceError(
            "not_acceptable", f"this can be answered as {', '.join(offered)}; Accept asks for none of them"
        )
    return best


def read_range(text: str) -> tuple[str, float]:
    """Return a media range and its weight, 0..1; a weight that is no number counts as 1."""
    media, *parameters = (piece.strip().lower() for piece in text.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return media, min(max(float(value), 0.0), 1.0)
            except ValueError:
                break
    return media, 1.0


def rate_media(media: str, ranges: Sequence[tuple[str, float]]) -> float:
    """Return the weight of a media type: that of the range which names it most exactly, 0 if none does."""
    for wanted in (media, media.partition("/")[0] + "/*", "*/*"):
        weights = [weight for name, weight in ranges if name == wanted]
        if weights:
            return max(weights)
    return 0.0
