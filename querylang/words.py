"""From characters to words: normalised, with the exact place of each in the original text."""

from __future__ import annotations

# ruff: noqa: RUF001 - the typographic marks people paste are the point here
import re
import unicodedata
from copy import copy

SPELLING = {
    "center": "centre", "centers": "centres", "centered": "centred", "colour": "color", "grey": "gray",
    "vermillion": "vermilion", "dont": "don't", "doesnt": "doesn't",
}  # fmt: skip

LEXEME = re.compile(
    r"""(?P<number>\d{1,3}(?:,\d{3})+(?![,.]?\d)|\d+\.\d+|\.\d+|\d+)
    |(?P<word>[^\W\d_]+(?:['’ʼ`´][^\W\d_]+)*(?:\+\+(?!\w))?)
    |(?P<dots>\.\.+|…)
    |(?P<newline>[\n\r\u2028]\s*)
    |(?P<space>[\s\u200b\ufeff]+)
    |(?P<symbol>.)""",
    re.VERBOSE | re.DOTALL,
)
SHORTEST_CAMEL = 3
LONGEST_ODD = 8
"""A longer word with a capital inside is an identifier, however short its last piece: "leftEyeBrowUp"."""
"""Shorter pieces than in "leftEye" are no words: "LeFt" is one word in odd case."""
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])(?!(?<=^[a-z])[A-Z]{2,}$)")
"""Not in "rPPG": an initial before an abbreviation is no side."""
IDENTIFIER_DOT = re.compile(r"(?<=\w)\.(?=[LRTB](?:\W|$))")
"""The dot of "lid.T.L", which joins as an underscore does."""
DOTTED = re.compile(r"[\w.]+")
"""May be a name with underscores that dots join: "left_eye.outer_corner"."""
INNER_DOT = re.compile(r"(?<=[a-z])\.(?=[a-z])")
APOSTROPHES = str.maketrans("’ʼ`´", "''''")
SYMBOLS = {
    "–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-", "―": "-", "×": "*", "✕": "*", "✖": "*",
    "∗": "*", "·": ",", "•": ",",
    "，": ",", "；": ";", "：": ":", "。": ".", "！": "!", "？": "?", "％": "%", "→": "->", "≈": "~",
    "⁄": "/",
    "（": "(", "）": ")", "、": ",",
}  # fmt: skip
ABBREVIATIONS = {"i", "e", "g", "no", "nr", "approx", "ca", "incl", "excl", "max", "min", "vs"}
CONTRACTED = {"it", "that", "let", "where", "what", "here", "there", "who", "how", "she", "he", "this", "which", "when"}
"""Words after which an apostrophe-s is "is" or "us", and owns nothing."""
BULLETS = frozenset("-*•–")
QUOTES = set("\"'`´‘’‚‛“”„‟«»‹›*_^\\")
SILENT_CATEGORIES = ("So", "Sk", "Cf", "Mn", "Me", "Co", "Cc", "Cs")
COORDINATES = re.compile(r"\(x *, *y\)|(?<![\w.])x(?: *[,/] *| and | )y(?![\w.])", re.IGNORECASE)
"""How coordinates are called: (x, y)."""
EMOTICON = re.compile(r"(?<![\w)\]])[:;][-o']?[)(DP](?!\w)|<3|\^_?\^")

PLAIN = re.compile(r"[a-z]+(?: [a-z]+)*")
"""A phrase of small letters and single spaces."""


class Lexeme:
    """One word, number or mark, normalised.

    Attributes:
        word: Lower case, British spelling, without a possessive ending; a mark as its plain form.
        type: "word", "number", "newline" (its word two breaks where a paragraph ends) or "symbol".
        start, stop: The half-open span in the original text.
        is_possessive: The word ended in an apostrophe-s or s-apostrophe.
        is_underscored: An underscore joined it to a neighbour.
        is_glued: No space stands between it and the lexeme before.
    """

    __slots__ = ("is_glued", "is_possessive", "is_underscored", "start", "stop", "type", "word")

    def __init__(self, word: str, type: str, start: int, stop: int) -> None:
        self.word = word
        self.type = type
        self.start = start
        self.stop = stop
        self.is_possessive = False
        self.is_underscored = False
        self.is_glued = False

    def __repr__(self) -> str:
        return f"{self.type}:{self.word}"


def split_lexemes(text: str) -> list[Lexeme]:
    """Split a text into normalised words, numbers and marks; spaces, quotes and emoji are left out."""
    text = IDENTIFIER_DOT.sub("_", DOTTED.sub(join_dotted, text))
    silent = [m.span() for m in EMOTICON.finditer(text)]
    pairs = {m.start(): m.end() for m in COORDINATES.finditer(text)}
    splitter = Splitter(text)
    done = 0
    for m in LEXEME.finditer(text):
        start = m.start()
        if start < done or m.lastgroup == "space" or (silent and any(a <= start < b for a, b in silent)):
            continue
        if start in pairs:
            done = pairs[start]
            splitter.put(Lexeme("xy", "word", start, done))
            continue
        splitter.add(m)
    return splitter.lexemes


def rename(lexeme: Lexeme, word: str) -> Lexeme:
    """Return a word that stands in the place of another one."""
    renamed = copy(lexeme)
    renamed.word = word
    return renamed


def list_words(phrase: str) -> list[str]:
    """Return the words of a phrase, as `split_lexemes` has them: those of a plain one in a tenth of its time."""
    if PLAIN.fullmatch(phrase) and not COORDINATES.search(phrase):
        return [SPELLING.get(word, word) for word in phrase.split()]
    return [lexeme.word for lexeme in split_lexemes(phrase)]


def join_dotted(m: re.Match[str]) -> str:
    """Return a name with its dots as underscores, if it has those too."""
    name = m.group()
    return INNER_DOT.sub("_", name) if "_" in name else name


class Splitter:
    """Makes lexemes of the pieces of a text, one after the other."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lexemes: list[Lexeme] = []
        self.end = -1
        self.underscore = False
        self.indent = len(text) - len(text.lstrip(" \t"))
        self.is_bulleted = text.lstrip()[:1] in BULLETS

    def add(self, m: re.Match[str]) -> None:
        """Add one piece."""
        kind, word = m.lastgroup, m.group()
        start, stop = m.span()
        if kind == "word":
            self.add_words(word, start, stop)
        elif kind == "number":
            self.add_number(word, start, stop)
        elif kind == "newline":
            self.add_break(word, start, stop)
        elif kind == "dots":
            self.put(Lexeme(".." if word == ".." else "...", "symbol", start, stop))
        else:
            self.add_mark(word, start, stop)

    def add_break(self, word: str, start: int, stop: int) -> None:
        """Add the end of a line; a bulleted one heads those below it that begin farther right."""
        indent = len(word) - len(word.rstrip(" \t"))
        is_item = self.text[stop : stop + 1] in BULLETS and self.is_bulleted
        if indent > self.indent and is_item and self.lexemes[-1].type == "word":
            self.put(Lexeme(":", "symbol", start, start))
        self.indent, self.is_bulleted = indent, self.text[stop : stop + 1] in BULLETS
        self.put(Lexeme("\n" * min(2, len(word.splitlines())), "newline", start, stop))

    def put(self, lexeme: Lexeme) -> None:
        lexeme.is_glued = lexeme.start == self.end
        self.underscore = False
        self.lexemes.append(lexeme)
        self.end = lexeme.stop

    def add_words(self, word: str, start: int, stop: int) -> None:
        if is_ending(word, start, self.text, self.lexemes):
            self.lexemes[-1].is_possessive = True
            return
        if joins_words(self.lexemes, start):
            self.lexemes.pop()
        for lexeme in make_words(word, start, self.text):
            if self.underscore:
                lexeme.is_underscored = self.lexemes[-1].is_underscored = True
            self.put(lexeme)
        self.end = stop

    def add_number(self, word: str, start: int, stop: int) -> None:
        if joins_words(self.lexemes, start) and self.lexemes[-2].type == "word":
            self.lexemes.pop()
        lexeme = Lexeme(word.replace(",", ""), "number", start, stop)
        if self.underscore:
            lexeme.is_underscored = self.lexemes[-1].is_underscored = True
        self.put(lexeme)

    def add_mark(self, mark: str, start: int, stop: int) -> None:
        if mark == "_":
            self.underscore = bool(self.lexemes) and start == self.end
            self.end = stop
            return
        if is_silent(self.text, start):
            return
        if mark == "." and self.lexemes and start == self.end and self.lexemes[-1].word in ABBREVIATIONS:
            return
        plain = SYMBOLS.get(mark, mark)
        self.put(Lexeme("and", "word", start, stop) if plain == "&" else Lexeme(plain, "symbol", start, stop))


def is_ending(word: str, start: int, text: str, lexemes: list[Lexeme]) -> bool:
    """Whether a word is the possessive ending of a number ("face 2's")."""
    return (
        word == "s"
        and bool(lexemes)
        and lexemes[-1].type == "number"
        and lexemes[-1].stop == start - 1
        and text[start - 1].translate(APOSTROPHES) == "'"
    )


def joins_words(lexemes: list[Lexeme], start: int) -> bool:
    """Whether the last lexeme is a hyphen inside a word ("counter-clockwise", "5-point")."""
    return (
        len(lexemes) > 1
        and lexemes[-1].word == "-"
        and lexemes[-1].is_glued
        and lexemes[-1].stop == start
        and lexemes[-2].type in ("word", "number")
    )


def is_silent(text: str, index: int) -> bool:
    """Whether a mark says nothing: a quote, an emphasis, an emoji."""
    mark = text[index]
    if mark == "*":  # **emphasis**, but never a lone asterisk, which counts
        return text[index + 1 : index + 2] == "*" or (index > 0 and text[index - 1] == "*")
    if mark in SYMBOLS:
        return False
    if mark == "#":
        return True
    return mark in QUOTES or unicodedata.category(mark) in SILENT_CATEGORIES


def make_words(text: str, start: int, whole: str) -> list[Lexeme]:
    """Return the words of a run of letters: split at camel case, without the possessive ending."""
    words = []
    pieces = CAMEL.split(text) if not text.islower() and not text.isupper() else [text]
    short = [piece for piece in pieces if len(piece) < SHORTEST_CAMEL]
    if short and short != [piece for piece in (pieces[-1], pieces[0]) if piece in ("L", "R", "l", "r")][:1]:
        pieces = [text]
    for piece in pieces:
        stop = start + len(piece)
        word = piece.lower().translate(APOSTROPHES)
        possessive = word.endswith("'s") and len(word) > 2
        if possessive:
            word = word[:-2]
        elif word.endswith("s") and whole[stop : stop + 1] in ("'", "’") and whole[stop + 1 : stop + 2].isspace():
            possessive = True
            word = word[:-1] if len(word) > 3 else word
        lexeme = Lexeme(SPELLING.get(word, word), "word", start, stop)
        lexeme.is_possessive = possessive and word not in CONTRACTED
        lexeme.is_underscored = len(pieces) > 1 or (CAMEL.search(piece) is not None and len(piece) > LONGEST_ODD)
        words.append(lexeme)
        start = stop
    return words
