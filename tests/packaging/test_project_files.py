"""The files beside the package agree with each other and with it."""

from __future__ import annotations

import os
import re
import tomllib

import pytest

import faceql


@pytest.fixture(scope="module")
def read(root):
    return lambda path: (root / path).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def commands(read):
    """The README's two commands."""
    return re.findall(r"^```sh\n(python3? -m .+)\n```$", read("README.md"), re.MULTILINE)


def test_readme_has_two_commands(commands):
    install, test = commands
    assert "faceql ask examples/astronaut.jpg" in install
    assert "pytest" in test


def test_ci_runs_the_second_command_last(read, commands):
    assert read(".ci/run").rstrip().splitlines()[-1] == commands[1]


def test_ci_can_be_started_by_itself(root):
    assert os.access(root / ".ci/run", os.X_OK)


def test_workflow_runs_on_every_python_that_is_promised(read):
    promised = re.findall(r"Programming Language :: Python :: (3\.\d+)", read("pyproject.toml"))
    matrix = re.search(r"python-version: (\[.+\])", read(".github/workflows/ci.yml"))[1]
    assert tomllib.loads(f"versions = {matrix}")["versions"] == promised


def test_one_version_everywhere(read):
    assert f"\nversion: {faceql.__version__}\n" in read("CITATION.cff")
    assert f"\n## [{faceql.__version__}]" in read("CHANGELOG.md")


@pytest.mark.parametrize("path", ["README.md", "CONTRIBUTING.md", "examples/README.md", "model/weights/README.md"])
def test_links_lead_somewhere(root, read, path):
    targets = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", read(path)) if "://" not in link]
    folder = (root / path).parent
    assert [target for target in targets if target and not (folder / target).exists()] == []


def test_the_makefile_runs_what_ci_runs(read):
    assert "make lint" in read(".ci/run")
    assert re.search(r"^check: lint test\b", read("Makefile"), re.MULTILINE)
