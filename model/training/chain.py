"""How the shipped checkpoint is made: runs that go on from one another, and the teachers they take on the way."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

CHECKPOINT = "detector.safetensors"
"""What a run's folder calls its weights."""

MEAN_CHECKPOINT = "mean.safetensors"
"""The mean of runs that one begins from, in its folder."""

SEEING_CHECKPOINT = "detector-seeing.safetensors"
"""The same, taught which points are seen."""

CALIBRATED_CHECKPOINT = "detector-calibrated.safetensors"
"""The last of these, with expected errors of the size that errors have on new faces."""


@dataclass(frozen=True)
class Step:
    """One run.

    Attributes:
        recipe: a shipped recipe's name, or a TOML file.
        start: the run whose checkpoint it begins from; "" for the recipe's own `encoder_weights`.
        mean_of: instead, the runs whose checkpoints' mean it begins from, with their shares (`faceql average`).
        relabelled_by: the run whose checkpoint labels `auto` beforehand (`faceql relabel`); "" for none.
        is_turned: whether turned faces (`faceql turn`) join in.
        visibility_pictures: how many crops then teach it which points are seen (`faceql train-visibility`); 0 for none.
        is_calibrated: whether `faceql calibrate` is the end of it.
        name: what the run's folder is called; "" for the recipe's name.
    """

    recipe: str
    start: str = ""
    relabelled_by: str = ""
    is_turned: bool = False
    visibility_pictures: int = 0
    is_calibrated: bool = False
    mean_of: tuple[tuple[str, float], ...] = ()
    name: str = ""

    @property
    def run(self) -> str:
        """What the run's folder is called."""
        return self.name or Path(self.recipe).stem

    @property
    def files(self) -> tuple[str, ...]:
        """What the run's folder calls the weights that come of it, one made of the other."""
        further = (
            (SEEING_CHECKPOINT, self.visibility_pictures),
            (CALIBRATED_CHECKPOINT, self.is_calibrated),
        )
        return (CHECKPOINT, *(name for name, is_made in further if is_made))

    @property
    def checkpoint(self) -> str:
        """The last of these."""
        return self.files[-1]


def settle_mean(name: str, *mean_of: tuple[str, float]) -> Step:
    """Return the step that fits the heads to a mean of runs, one of which lends it the heads it starts from."""
    return Step("default-settled", mean_of=mean_of, visibility_pictures=9600, is_calibrated=True, name=name)


def mean_of_runs(before: str, hard: str, plain: str) -> tuple[tuple[str, float], ...]:
    """Return the shares of a run on hard faces, one on plain faces, and what both began from, which has the heads."""
    return (before, 0.02), (hard, 0.37), (plain, 0.61)


SHIPPED = (
    Step("default"),
    Step("default-finish", "default"),
    Step("default-polish", "default-finish", "default-finish"),
    Step("default-fine", "default-polish", "default-finish"),
    Step("default-long", "default-fine", "default-fine"),
    Step("default-deep", "default-long", "default-fine", is_turned=True),
    Step("default-turned", "default-deep", visibility_pictures=8000),
    Step("default-surfaces", "default-turned"),
    Step("default-settled", "default-surfaces", visibility_pictures=9600, is_calibrated=True),
    Step("default-hard", "default-settled"),
    Step("default-plain", "default-settled"),
    settle_mean("default-mean", *mean_of_runs("default-settled", "default-hard", "default-plain")),
    Step("default-harder", "default-mean"),
    Step("default-steady", "default-mean"),
    settle_mean("default-second-mean", *mean_of_runs("default-mean", "default-harder", "default-steady")),
    Step("default-distilled", "default-second-mean", "default-second-mean"),
    settle_mean("default-third-mean", ("default-second-mean", 0.5), ("default-distilled", 0.5)),
)
"""What ships is the last one's checkpoint."""
