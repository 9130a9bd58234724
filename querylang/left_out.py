"""Clauses that leave something out: "300W without: ...", "skip the brows, give me the eyes", "all but those of ...".

In: an entry and the asks before it; out: whether what it names is left out, and of what.
"""

from __future__ import annotations

from dataclasses import replace

from .asks import BREAKS, LINES
from .counted_clauses import CountedClauses
from .entries import Entry
from .exceptions import ask_again, ends_removal, is_all_but
from .meaning import NO_NAME, Item
from .references import resolve
from .side_headings import ARTICLES


class LeftOut(CountedClauses):
    """Clauses that leave out what they name."""

    def put_removals_last(self) -> None:
        """ "Without the corners: 12 points on the outer lip" leaves them out of what follows."""
        count = next((i for i, ask in enumerate(self.asks) if not ask.is_removal), 0)
        self.asks[:] = self.asks[count:] + self.asks[:count]
        for loose in self.draft.loose:
            loose.at = max(0, loose.at - count)

    def lists_left_out(self, entry: Entry) -> bool:
        """Whether an entry is one of the lines under what leaves them out: "300W without:\\n- jaw\\n- brows"."""
        last = self.draft.entries[self.number - 1] if self.number else entry
        marks = entry.before & LINES
        if last.kind == "except" and entry.before & BREAKS:
            self.left_out = marks
        elif not marks or marks != self.left_out or not self.removing:
            self.left_out = frozenset()
        return self.removing and bool(self.left_out)

    def asks_first(self, entry: Entry) -> bool:
        """Whether what is asked comes behind what is left out: "skip the brows, give me the eyes", "..., just ..."."""
        if not self.asks or entry.kind != "item" or not all(ask.is_removal for ask in self.asks):
            return False
        phrase, parts = entry.value.phrase or NO_NAME, {part for ask in self.asks for part in ask.thing.parts}
        is_other = entry.value.is_layout or (not phrase.is_free and parts.isdisjoint(phrase.thing.parts))
        if entry.before == {"colon"} and is_other:
            # "No jaw: the eyes and the nose", "without the jaw: 300W".
            entry.before = frozenset({"comma"})
            return True
        between = self.draft.lattice.text[self.draft.span(self.asks[-1])[1] : self.draft.span(entry)[0]]
        asks = bool(entry.value.only) or not ARTICLES.issuperset(between[1:].lower().split())
        return entry.before == {"comma"} and asks

    def adds(self, entry: Entry) -> bool:
        """Whether "plus" stands before an entry."""
        edges = (edge for node in self.draft.lattice.edges[max(0, entry.start - 4) : entry.start] for edge in node)
        return any(edge.category == "AND" and edge.value == "plus" and edge.stop == entry.start for edge in edges)

    def settle_removing(self, entry: Entry, item: Item) -> Item:
        """Find out whether an item is left out; return it without what only says so ("all but those of the jaw")."""
        if self.removing and not self.asks and item.count is not None:
            raise self.draft.mistake("count", "a number of points is at least 1", entry)
        if self.removing and ends_removal(self.draft, self.number):
            ask_again(self.draft)
            self.removing = False
        if self.removing or not is_all_but(self.draft, entry):
            return item
        self.removing = True
        return replace(item, same=None)

    def leave_out(self, entry: Entry, item: Item) -> None:
        """Take away what is "left out", and what "and" joins to it: "the jaw, its ends and the chin left out"."""
        # "Iris edges not needed".
        is_torn = bool(self.asks) and not entry.before and self.asks[-1].stop == entry.start
        if ("and" in entry.before or is_torn) and len(self.asks) > 1 and not self.asks[-1].item.has_amount:
            self.asks[-1].is_removal = True
        self.asks.append(resolve(self.draft, self.ask(entry, replace(item, left_out=None), is_removal=True)))
