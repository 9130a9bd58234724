"""The documentation's pages: links, tutorials and notebooks that run, and the site that is built of them."""

from __future__ import annotations

import doctest
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ..packaging.test_readme import NearlyEqual

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
TUTORIALS = [page for page in PAGES if page.startswith("tutorials/")]


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    targets = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    missing = [target for target in targets if target and not ((DOCS / page).parent / target).exists()]
    assert missing == []


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text("utf-8").partition("\nnav:")[2]
    notebooks = [path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.ipynb")]
    assert [page for page in (*PAGES, *notebooks) if f": {page}\n" not in navigation] == []


@pytest.mark.slow
@pytest.mark.parametrize("page", ["index.md", *TUTORIALS])
def test_pages_print_what_they_say(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if "to_dataframe" in (DOCS / page).read_text("utf-8"):
        pytest.importorskip("pandas")
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```", (DOCS / page).read_text("utf-8"), re.DOTALL | re.MULTILINE)
    test = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, page, page, 0)
    assert len(test.examples) > 2
    told: list[str] = []
    doctest_failures = doctest.DocTestRunner(checker=NearlyEqual()).run(test, out=told.append).failed
    assert doctest_failures == 0, "".join(told)


@pytest.mark.slow
@pytest.mark.parametrize("name", [path.name for path in sorted((DOCS / "notebooks").glob("*.ipynb"))])
def test_notebooks_run_and_show_pictures(name: str, tmp_path: Path) -> None:
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    pytest.importorskip("pandas")
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    book = nbformat.read(DOCS / "notebooks" / name, as_version=4)
    assert all(not cell.get("outputs") for cell in book.cells), "notebooks are kept without what they print"
    nbclient.NotebookClient(book, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in book.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.output_type == "error"]
    assert any("data:image/jpeg;base64," in output.get("data", {}).get("text/html", "") for output in outputs)


@pytest.mark.slow
def test_the_site_is_built_strictly(tmp_path: Path) -> None:
    for module in ("mkdocs", "material", "mkdocstrings", "mkdocs_jupyter"):
        pytest.importorskip(module, reason="pip install 'faceql[docs]'")
    (tmp_path / "faceql").symlink_to(ROOT, target_is_directory=True)
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    reference = (tmp_path / "site" / "reference" / "index.html").read_text("utf-8")
    for name in ("faceql.Engine.ask", "faceql.Answer.mask", "faceql.parse", "faceql.Client.open"):
        assert f'id="{name}"' in reference
    assert 'href="../language/' in (tmp_path / "site" / "answers" / "index.html").read_text("utf-8")
