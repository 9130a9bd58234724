"""The language's data compiled to one file: LALR tables, phrases and names, ready to use.

    python -m faceql.querylang.compiled        writes grammar/compiled.json anew

`grammar/compiled.json` carries a digest of the files it was made from; where they differ (somebody is working on
the language) the data is compiled in memory instead, which takes a few hundred milliseconds once per process.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

GRAMMAR = Path(__file__).resolve().parent.parent / "grammar"
COMPILED = GRAMMAR / "compiled.json"
SOURCES = ("query.lark", "words.toml", "phrasing.toml", "places.toml", "near.toml")


def digest_sources() -> str:
    """Return a digest of the files of the language."""
    digest = 0
    for name in SOURCES:
        digest = crc32((GRAMMAR / name).read_bytes().replace(b"\r\n", b"\n") + b"\0", digest)
    return f"{digest:08x}"


def compile_language() -> dict[str, Any]:
    """Return everything that is read from the language's files, as plain data."""
    import tomllib

    from .tables import make_tables
    from .vocabulary import read_vocabulary

    tables = {name: tomllib.loads((GRAMMAR / name).read_text("utf-8")) for name in SOURCES if name.endswith(".toml")}
    vocabulary = read_vocabulary(tables["words.toml"], tables["phrasing.toml"])
    return {
        "digest": digest_sources(),
        "tables": make_tables((GRAMMAR / "query.lark").read_text("utf-8")),
        "trie": vocabulary.trie,
        "nouns": sorted(vocabulary.nouns),
        "places": tables["places.toml"]["place"],
        "near": tables["near.toml"],
    }


@cache
def load_compiled() -> dict[str, Any]:
    """Return the compiled language, from its file where that is up to date, once per process."""
    if COMPILED.exists():
        compiled: dict[str, Any] = json.loads(COMPILED.read_text("utf-8"))
        if compiled.get("digest") == digest_sources():
            return compiled
    return compile_language()


def write_compiled() -> None:
    """Write the compiled language beside its sources."""
    COMPILED.write_text(json.dumps(compile_language(), ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")


if __name__ == "__main__":
    write_compiled()
