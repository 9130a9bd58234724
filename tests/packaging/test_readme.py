"""What the README shows is what comes out, up to a fraction of a pixel."""

from __future__ import annotations

import doctest
import re
import shlex
import shutil

import pytest
from click.testing import CliRunner

from faceql.server.cli import main

# Versions of torch and of the JPEG decoder move coordinates by hundredths of a pixel.
TOLERANCE = 0.2
NUMBER = re.compile(r"-?\d+\.\d+")


def says_the_same(shown, printed):
    """Whether two texts are equal but for spacing and the last digits of decimal numbers."""
    texts = ["".join(NUMBER.sub("#", text).split()) for text in (shown, printed)]
    numbers = [[float(number) for number in NUMBER.findall(text)] for text in (shown, printed)]
    return texts[0] == texts[1] and numbers[1] == pytest.approx(numbers[0], abs=TOLERANCE)


class NearlyEqual(doctest.OutputChecker):
    def check_output(self, want, got, optionflags):
        return says_the_same(want, got)


@pytest.fixture
def readme(root, tmp_path, monkeypatch):
    """The README's text, in a folder where its commands may write."""
    shutil.copytree(root / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    # bfloat16 on a GPU moves points further than the tolerance.
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    return (root / "README.md").read_text(encoding="utf-8")


def test_python_examples_print_what_is_shown(readme):
    sessions = "\n".join(re.findall(r"^```python\n(.+?)^```$", readme, re.MULTILINE | re.DOTALL))
    test = doctest.DocTestParser().get_doctest(sessions, {}, "README.md", "README.md", 0)
    assert len(test.examples) > 5
    report: list[str] = []
    results = doctest.DocTestRunner(checker=NearlyEqual()).run(test, out=report.append)
    assert results.failed == 0, "".join(report)


def test_console_examples_print_what_is_shown(readme):
    consoles = re.findall(r"^```console\n\$ faceql (.+?)\n(.+?)^```$", readme, re.MULTILINE | re.DOTALL)
    assert consoles
    for command, shown in consoles:
        printed = CliRunner().invoke(main, shlex.split(command), catch_exceptions=False).output
        assert says_the_same(shown, printed), printed


def test_instructions_of_the_language_table_are_understood(readme):
    import faceql

    table = readme.partition("## The language")[2].partition("##")[0]
    instructions = [
        text for row in table.splitlines() for text in re.findall(r"`(.+?)`", row.split("|")[1] if "|" in row else "")
    ]
    assert len(instructions) >= 12
    for instruction in instructions:
        assert faceql.parse(instruction).laid_out
