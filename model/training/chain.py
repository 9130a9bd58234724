"""How the shipped checkpoint is made: runs that go on from one another, and the teachers they take on the way."""

from __future__ import annotations

from dataclasses import dataclass

CHECKPOINT = "detector.safetensors"
"""What a run's folder calls its weights."""


@dataclass(frozen=True)
class Step:
    """One run.

    Attributes:
        recipe: a shipped recipe's name, or a TOML file.
        start: the recipe whose checkpoint it begins from; "" for the recipe's own `encoder_weights`.
        relabelled_by: the recipe whose checkpoint labels `auto` beforehand (`faceql relabel`); "" for none.
        is_turned: whether turned faces (`faceql turn`) join in.
    """

    recipe: str
    start: str = ""
    relabelled_by: str = ""
    is_turned: bool = False


SHIPPED = (
    Step("default"),
    Step("default-finish", "default"),
    Step("default-polish", "default-finish", "default-finish"),
    Step("default-fine", "default-polish", "default-finish"),
    Step("default-long", "default-fine", "default-fine"),
    Step("default-deep", "default-long", "default-fine", is_turned=True),
)
"""What ships is the last one's checkpoint."""
