"""The options of an ask, the same for Python, the command line, HTTP and MCP."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from ..errors import ConfigError
from ..querylang.parse import parse
from ..querylang.query import Perspective, Query
from .answer_units import Units
from .arguments import check_choice, show

if TYPE_CHECKING:
    from .images import ColorOrder

Boxes = Iterable[Sequence[float]]

MOST_REMEMBERED = 64
"""Instructions; clients ask the same few of many photos."""
MOST_POINTS_REMEMBERED = 1000
"""Of one of them, since a query may come to hold all of its points."""


@dataclass(frozen=True, slots=True)
class AskSettings:
    """How an ask is meant.

    Attributes:
        faces: Which faces, over what the instruction says: "largest", "smallest", "leftmost", "rightmost", "middle",
            "face 2" (left to right, from 1), "second largest", "all".
        boxes: Face boxes (x0, y0, x1, y1) in pixels of the photo, in place of finding faces.
        perspective: Whose left plain "left" is, in an instruction given as text.
        ids_from: The first id of a layout, 1 or 0, in an instruction given as text.
        color: The order of an array's channels; "bgr" is OpenCV's.
        units: Of points and boxes where an answer is written down, as `Answer.to_dict` takes them; an `Answer` itself
            holds pixels.

    Examples:
        >>> AskSettings(perspective="subject").parse("left eye").canonical
        'right_eye * 8'
    """

    faces: str | None = None
    boxes: Boxes | None = None
    perspective: Perspective = "viewer"
    ids_from: int = 1
    color: ColorOrder = "rgb"
    units: Units = "px"

    def check(self) -> None:
        """Refuse a perspective or a first id that there is not.

        Raises:
            ConfigError: One of the two is wrong.

        Examples:
            >>> AskSettings(ids_from=2).check()
            Traceback (most recent call last):
            faceql.errors.ConfigError: ids_from must be 0 or 1, not 2
        """
        check_choice("perspective", self.perspective, get_args(Perspective))
        if not isinstance(self.ids_from, int) or self.ids_from not in (0, 1):
            raise ConfigError(f"ids_from must be 0 or 1, not {show(self.ids_from)}")

    def parse(self, instruction: str | Query, *, limit: int = 100_000) -> Query:
        """Return the query of an instruction; one that is parsed already is given back.

        Args:
            instruction: The instruction, or its query.
            limit: The most points for one face.

        Raises:
            QueryError: It cannot be understood.
            ConfigError: A setting is wrong.

        Examples:
            >>> AskSettings(ids_from=0).parse("300W point 30").canonical
            '300w[31]'
        """
        if isinstance(instruction, Query):
            return instruction
        self.check()
        if type(instruction) is not str:
            # Raises.
            return parse(instruction, perspective=self.perspective, ids_from=self.ids_from, limit=limit)
        return _REMEMBERED.parse(instruction, self.perspective, self.ids_from, limit)


class RememberedParses:
    """Parses instructions, and remembers those that were asked last; one serves many threads."""

    def __init__(self) -> None:
        self._queries: dict[tuple[object, ...], Query] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._queries)

    def parse(self, text: str, perspective: Perspective, ids_from: int, limit: int) -> Query:
        """Return the query of an instruction; arguments and errors as for `faceql.parse`."""
        key = (text, perspective, ids_from, limit)
        query = self._queries.get(key)
        if query is None:
            query = parse(text, perspective=perspective, ids_from=ids_from, limit=limit)
            if query.laid_out is not None and query.laid_out <= MOST_POINTS_REMEMBERED:
                with self._lock:
                    while len(self._queries) >= MOST_REMEMBERED:
                        del self._queries[next(iter(self._queries))]
                    self._queries[key] = query
        return query


_REMEMBERED = RememberedParses()
DEFAULT_SETTINGS = AskSettings()
