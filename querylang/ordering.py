"""The order of points: reversals, directions, where a curve starts, and which of the points are wanted.

In: runs in the curve's own order; out: runs in the order asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from .asks import Ask
from .meaning import Item, MistakeError, Phrase
from .numbers import Number
from .pieces import Place
from .routes import Route, direction_of
from .rules import Rules
from .runs import CurveRun, PlaceRun, Run, keep_every, pick_points, reverse_run, space_by_distance
from .spreading import Span, check_fpalp


class Orderer:
    """Puts runs in order."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.registry = rules.concepts.registry

    def direct(self, runs: Sequence[Run], ask: Ask, span: Span) -> list[Run]:
        """Return the runs of one ask from where it starts, and in the direction that it says."""
        item = ask.item
        if item.origin is not None:
            found = [self.start_at(run, ask, span) for run in runs]
        elif item.turn is not None and item.range is None:
            found = [self.turn_run(run, item.turn, span) for run in runs]
        else:
            found = list(runs)
        return turn_back(found) if item.reverse else found

    def order(self, runs: list[Run], manner: Item, amount: Item, span: Span) -> list[Run]:
        """Apply "every other", "the first point" and the spacing."""
        if amount.nth is not None:
            runs = keep_every(runs, amount.nth)
        if amount.pick is not None:
            picked = pick_points(runs, [index - 1 if index > 0 else index for index in amount.pick])
            if picked is None:
                raise MistakeError("count", "there are not so many points", span)
            runs = picked
        if manner.spacing == "arc":
            runs = [space_by_distance(run) for run in runs]
        return runs

    def turn_run(self, run: Run, turn: str, span: Span) -> Run:
        if not isinstance(run, CurveRun):
            raise MistakeError("contradiction", "only a curve has a direction", span)
        part = self.registry.parts[run.part]
        if not part.ends:
            raise MistakeError("contradiction", f"the {run.part} is a line and has no such direction", span)
        rising = turn == ("clockwise" if part.is_closed else "counter_clockwise")
        if rising == (run.stop >= run.start):
            return run
        if run.ends == "first":
            return replace(run, start=Fraction(1), stop=Fraction(0))
        return reverse_run(run)

    def start_at(self, run: Run, ask: Ask, span: Span) -> Run:
        """Start a whole closed curve at a named place, in the direction asked."""
        origin = ask.item.origin
        side = direction_of(origin, ask.item.frame or "") if isinstance(origin, Phrase) else ""
        if isinstance(run, PlaceRun) and side in ("left", "right"):
            return run
        if not isinstance(run, CurveRun):
            raise MistakeError("syntax", "'from' needs a 'to' here", span)
        part = self.registry.parts[run.part]
        if run.ends != "first":
            start = part.ends[side] if side in part.ends else self.find_origin(run, ask, span)
            # Round a closed curve its end is its start again: the right eye's lower lid stops at 1, its corner is at 0.
            turns = (-1, 0, 1) if part.is_closed else (0,)
            at = {start + turn for turn in turns}
            if at.isdisjoint((run.start, run.stop)):
                raise MistakeError("syntax", "'from' needs a 'to' here", span)
            return run if run.start in at else reverse_run(run)
        start = self.find_origin(run, ask, span)
        if ask.item.turn == "counter_clockwise":
            return replace(run, start=start + 1, stop=start)
        return replace(run, start=start, stop=start + 1)

    def find_origin(self, run: CurveRun, ask: Ask, span: Span) -> Fraction:
        origin = ask.item.origin
        if isinstance(origin, Number):
            check_fpalp(origin, 1, span)
            return origin.value
        assert origin is not None
        part = self.registry.parts[run.part]
        side = direction_of(origin, ask.item.frame or "")
        if side in part.ends:
            return part.ends[side]
        # "The left eye, starting at the subject's right corner": whose right that is, its own words say.
        route = Route(self.rules, replace(ask.item, frame=origin.frame or ask.item.frame), ask.units, span)
        # On the inner lip the inner corner is its corner.
        own = [
            op for op in origin.ops if op[0] == "adj" and op[1][0][0] == "depth" and run.part.startswith(op[1][0][1])
        ]
        on_curve = replace(origin, ops=tuple(op for op in origin.ops if op not in own))
        for phrase in (*route.candidates(origin, origin), *route.candidates(on_curve, on_curve)):
            pieces = [piece for unit in route.units_of(phrase) for piece in unit.pieces if piece.part == run.part]
            places = [piece.fpalp for piece in pieces if isinstance(piece, Place)]
            if len(places) == 1:
                return places[0]
        raise MistakeError("contradiction", f"that is no one place on the {run.part}", span)


def turn_back(runs: Sequence[Run]) -> list[Run]:
    """Return runs with the order of their points turned."""
    return [reverse_run(run) for run in reversed(runs)]
