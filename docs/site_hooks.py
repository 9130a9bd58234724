"""Pages of the site that lie elsewhere in the repository, and links that lead out of docs/."""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
ELSEWHERE = {
    "language.md": "grammar/README.md",
    "card.md": "model/weights/README.md",
    "experiments.md": "model/experiments.md",
    "security.md": "SECURITY.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
    "examples.md": "examples/README.md",
    "benchmarks.md": "benchmarks/README.md",
}
PAGES = {path: page for page, path in ELSEWHERE.items()} | {"README.md": "index.md"}
LINK = re.compile(r"(!?\[[^\]]*\]\()([^)\s#]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that lie elsewhere."""
    for page, path in ELSEWHERE.items():
        files.append(File.generated(config, page, content=(ROOT / path).read_text("utf-8")))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Make links say where things are on the site, or in the repository where they are not on it."""
    name = page.file.src_uri
    source = ELSEWHERE.get(name, f"docs/{name}")

    def lead(found: re.Match[str]) -> str:
        start, target, anchor = found[1], found[2], found[3] or ""
        if "://" in target or target.startswith("mailto:"):
            return found[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        if path in PAGES or path.startswith("docs/"):
            there = PAGES.get(path, path.removeprefix("docs/"))
            return f"{start}{os.path.relpath(there, posixpath.dirname(name) or '.')}{anchor})"
        if not (ROOT / path).exists():
            return found[0]  # the strict build names it
        kind = "tree" if (ROOT / path).is_dir() else "blob"
        return f"{start}{config.repo_url}/{kind}/main/{path}{anchor})"

    return LINK.sub(lead, markdown)
