"""pyproject.toml declares what the package imports, and no more than it needs to run."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from itertools import chain

import pytest

# Folders whose modules run with an extra only.
EXTRAS = {"data": "train", "training": "train", "evaluation": "train", "template": "train", "deploy": "ray"}


@pytest.fixture(scope="module")
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def distribution_name(requirement):
    return re.match(r"[A-Za-z0-9._-]+", requirement)[0].lower().replace("_", "-")


def imported_distributions(path, homes):
    """The distributions, other than the standard library and faceql, that a module imports anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module)
    modules = {name.partition(".")[0] for name in names} - sys.stdlib_module_names - {"faceql"}
    return {homes.get(module, [module])[0].lower().replace("_", "-") for module in modules}


def package_modules(root):
    folders = [path.parent for path in root.glob("*/__init__.py") if path.parent.name != "tests"]
    return [*root.glob("*.py"), *(path for folder in folders for path in folder.rglob("*.py"))]


def test_every_import_is_declared(root, project):
    core = {distribution_name(requirement) for requirement in project["dependencies"]}
    extras = project["optional-dependencies"]
    homes = packages_distributions()
    undeclared = {}
    for path in package_modules(root):
        needed = {EXTRAS[part] for part in path.relative_to(root).parts if part in EXTRAS}
        allowed = {distribution_name(requirement) for extra in needed for requirement in extras[extra]}
        if missing := imported_distributions(path, homes) - core - allowed:
            undeclared[path.relative_to(root).as_posix()] = missing
    assert undeclared == {}


def test_every_dependency_has_a_lower_bound(project):
    requirements = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    loose = [r for r in requirements if not re.search(r">=|==", r) and not r.startswith("faceql[")]
    assert loose == []
