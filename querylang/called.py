"""What places and stretches are called: the inverse of names, read from the same data.

Each name, given as an instruction, asks for that place again.  "left" is the left of the picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from types import MappingProxyType

from .concept_data import Unit
from .concepts import Concepts
from .language import load_package_language
from .pieces import Place, Stretch


@dataclass(frozen=True, slots=True)
class CalledNames:
    """Names by what they mean.

    Attributes:
        places: (part, FPALP in 0 <= f < 1 on closed parts) to name.
        stretches: (part, start, stop) to name.
    """

    places: Mapping[tuple[str, Fraction], str]
    stretches: Mapping[tuple[str, Fraction, Fraction], str]


@cache
def load_called() -> CalledNames:
    """Return the names of the package's language."""
    language = load_package_language()
    return collect_names(language.concepts)


def collect_names(concepts: Concepts) -> CalledNames:
    places: dict[tuple[str, Fraction], str] = {}
    stretches: dict[tuple[str, Fraction, Fraction], str] = {}
    for table in concepts.tables:
        if "called" not in table:
            continue
        for unit in concepts[table["name"]].units:
            if len(unit.pieces) != 1:
                continue
            name = fill_name(table["called"], unit)
            piece = unit.pieces[0]
            if isinstance(piece, Place):
                is_closed = concepts.registry.parts[piece.part].is_closed
                places.setdefault((piece.part, piece.fpalp % 1 if is_closed else piece.fpalp), name)
            elif isinstance(piece, Stretch):
                stretches.setdefault((piece.part, piece.start, piece.stop), name)
    return CalledNames(MappingProxyType(places), MappingProxyType(stretches))


def fill_name(called: str, unit: Unit) -> str:
    return called.format(side=unit.side, end=unit.end, depth=unit.depth)
