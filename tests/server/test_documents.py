"""What the interfaces' documents say is so."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
from pathlib import Path
from urllib.parse import unquote

import click
import pytest
from click.testing import CliRunner

from faceql import __version__
from faceql.engine import Engine
from faceql.server.cli import main
from faceql.server.error_kinds import ERROR_KINDS
from faceql.server.limits import MIB, Limits

ROOT = Path(__file__).parents[2]


def test_every_error_code_is_listed_with_its_status() -> None:
    table = (ROOT / "docs" / "http.md").read_text("utf-8").partition("## Errors")[2].partition("## Under load")[0]
    listed: dict[str, int] = {}
    for codes, statuses in re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| ([\d, ]+) \|", table, re.M):
        names, numbers = re.findall(r"\w+", codes), [int(number) for number in re.findall(r"\d+", statuses)]
        groups = zip(names, numbers, strict=True) if len(numbers) > 1 else ((name, numbers[0]) for name in names)
        listed |= dict(groups)
    assert listed == {code: kind.status for code, kind in ERROR_KINDS.items()}


def test_the_limits_are_those_that_are_told() -> None:
    text = " ".join((ROOT / "docs" / "http.md").read_text("utf-8").split())
    limits = Limits()
    assert f"({limits.queued_asks}, or {limits.queued_bytes // MIB} MiB of images)" in text
    assert f"up to {limits.batch}, are worked on together" in text
    assert f"({limits.deadline_seconds:.0f} s, or its own" in text
    assert (
        f"{limits.image_bytes // MIB} MiB and {limits.pixels // 1_000_000} megapixels an image, {limits.points:,} "
        f"points and {limits.faces} faces an answer, {limits.instructions} instructions a request; {limits.requests} "
        f"requests at work and {limits.requests_per_client} of one client; {limits.connections} connections."
    ) in text
    assert f"A head takes {limits.head_seconds:.0f} s to arrive at most, a body {limits.upload_seconds:.0f} s" in text
    assert f"reads its answer for {limits.upload_seconds:.0f} s" in text
    assert f"A batch has {limits.batch_images} images and {limits.batch_bytes // MIB} MiB at most; " in text
    assert f"at most; {limits.batches} are at work at once" in text


def test_the_openapi_example_is_what_the_shipped_weights_answer() -> None:
    """Rewrite with FACEQL_SNAPSHOT=1 when the weights, or the form of an answer, change."""
    path = ROOT / "server" / "answer_example.json"
    answer = Engine("cpu").ask(ROOT / "examples" / "astronaut.jpg", "pupils as a polyline").to_dict()
    if os.environ.get("FACEQL_SNAPSHOT"):
        path.write_text(json.dumps({"answers": [answer]}, indent=1) + "\n", "utf-8")
    (told,) = json.loads(path.read_text("utf-8"))["answers"]
    points, told_points = answer.pop("points"), told.pop("points")
    assert told == answer
    for point, told_point in zip(points, told_points, strict=True):
        assert told_point.pop("error_ellipse") == pytest.approx(point.pop("error_ellipse"), abs=0.05)
        for key in ("x", "y", "expected_error"):
            assert told_point.pop(key) == pytest.approx(point.pop(key), abs=0.05)
        assert told_point.pop("visibility") == pytest.approx(point.pop("visibility"), abs=0.01)
        assert told_point == point


def list_commands() -> list[list[str]]:
    """The command lines that the documents show: lines of code, and what stands in backquotes."""
    files = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "model" / "weights").glob("*.md")]
    found = []
    for path in sorted(files):
        text = path.read_text("utf-8")
        lines = re.findall(r"(?m)^(?:    )?(?:\$ )?faceql ([a-z][^`\n]*)$|&& faceql ([a-z].*)$", text)
        spans = re.findall(r"(?<!`)`(?:[^`\n]* )?faceql ([a-z][^`]*)`(?!`)", text)
        for shown in (*map("".join, lines), *spans):
            # Sentences begin with the name too.
            if shown.split()[0] in main.commands:
                found.append(shlex.split(shown.replace("\n", " ").replace(" ...", ""), comments=True))
    return found


def test_commands_in_the_documents_are_ones_that_can_be_given() -> None:
    """A folder was asked for JSON, which is refused."""
    checked = 0
    for words in list_commands():
        command: click.Command = main
        while isinstance(command, click.Group) and words and words[0] in command.commands:
            command, words = command.commands[words[0]], words[1:]
        assert command is not main, words
        # A name alone, or with an option alone, stands for the command with whatever it is given.
        if len(words) > 1 and not isinstance(command, click.Group):
            parser = command.make_parser(click.Context(command, resilient_parsing=True))
            given, _, _ = parser.parse_args(list(words))
            checked += 1
            if command.name == "ask" and not Path(str(given["image"])).suffix:
                assert not {"as_json", "as_csv"} & set(given), words
    assert checked > 40


def test_client_configurations_are_json_for_commands_that_exist() -> None:
    text = (ROOT / "docs" / "mcp.md").read_text("utf-8")
    configurations = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.S)]
    assert len(configurations) == 3
    readme = (ROOT / "README.md").read_text("utf-8")
    assert "claude mcp add faceql -- uvx faceql mcp" in readme
    (cursor,) = re.findall(r"cursor\.com/\S*config=(\w+=*)", readme)
    assert json.loads(base64.b64decode(cursor)) == {"command": "uvx", "args": ["faceql", "mcp"]}
    (vscode,) = re.findall(r"url=vscode%3Amcp%2Finstall%3F(\S+)\)", readme)
    assert json.loads(unquote(unquote(vscode)))["args"][:2] == ["faceql", "mcp"]
    assert all(next(iter(c.values()))["faceql"] for c in configurations)
    for command in ("mcp", "serve"):
        done = CliRunner().invoke(main, [command, "--help"])
        assert done.exit_code == 0
        for option in ("--allow-url-host", "--handle-minutes", "--api-key-file", "--allow-host"):
            assert option in done.output
    server = json.loads((ROOT / "server.json").read_text("utf-8"))
    assert server["version"] == server["packages"][0]["version"] == __version__
