"""The command line, run in-process with the shipped weights, and once as a process of its own."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from faceql import __version__
from faceql.engine import Answer, Engine
from faceql.errors import ConfigError
from faceql.server.cli import main
from faceql.server.serve_commands import read_hosts, read_keys

ASTRONAUT = Path(__file__).parents[2] / "examples" / "astronaut.jpg"


@pytest.fixture(scope="module")
def want() -> Answer:
    return Engine("cpu").ask(ASTRONAUT, "4 points per eyebrow")


def run(*args: object, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args], input=stdin, catch_exceptions=False)


def ask(*args: object, stdin: bytes | None = None) -> Result:
    return run("ask", *args, "--device", "cpu", stdin=stdin)


def test_json_is_the_engines_answer(want: Answer) -> None:
    result = ask(ASTRONAUT, "4 points per eyebrow", "--json")
    assert result.exit_code == 0
    assert Answer.from_json(result.stdout) == want


def test_csv_is_the_engines_answer(want: Answer) -> None:
    result = ask(ASTRONAUT, "4 points per eyebrow", "--csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    np.testing.assert_array_equal(np.array([(r["x"], r["y"]) for r in rows], np.float32), want.xy)


def test_places_as_shares_of_the_photo(want: Answer) -> None:
    told = json.loads(ask(ASTRONAUT, "4 points per eyebrow", "--json", "--units", "normalized").stdout)
    assert told["units"] == "normalized"
    rows = list(
        csv.DictReader(io.StringIO(ask(ASTRONAUT, "4 points per eyebrow", "--csv", "--units", "normalized").stdout))
    )
    for points in ([(point["x"], point["y"]) for point in told["points"]], [(row["x"], row["y"]) for row in rows]):
        np.testing.assert_allclose(np.array(points, float) * 512 - 0.5, want.xy, atol=1e-3)


def test_text_for_people_names_every_point_and_the_frame(want: Answer) -> None:
    result = ask(ASTRONAUT, "4 points per eyebrow")
    assert result.exit_code == 0
    for point in want.points:
        (line,) = [line for line in result.stdout.splitlines() if line.startswith(f"  {point.name} ")]
        assert f"{point.xy[0]:.2f}" in line
        assert f"{point.xy[1]:.2f}" in line
    assert want.query.canonical in result.stdout
    assert "512 x 512" in result.stdout
    assert want.model_version in result.stdout


def test_one_point_is_no_points() -> None:
    assert "\n1 point by " in ask(ASTRONAUT, "nose tip").stdout


def test_out_draws_the_picture(want: Answer, tmp_path: Path) -> None:
    out = tmp_path / "overlay.png"
    assert ask(ASTRONAUT, "4 points per eyebrow", "--out", out).exit_code == 0
    with Image.open(out) as picture:
        np.testing.assert_array_equal(np.asarray(picture), np.asarray(want.draw()))
    svg = tmp_path / "overlay.SVG"
    assert ask(ASTRONAUT, "4 points per eyebrow", "--out", svg).exit_code == 0
    assert svg.read_text("utf-8") == want.to_svg()


def test_boxes_faces_perspective_and_standard_input_reach_the_engine() -> None:
    result = ask("-", "left pupil", "--box", "178,62,267,172", "--box", "170,60,270,170", "--faces", "face 2",
                 "--perspective", "subject", "--json", stdin=ASTRONAUT.read_bytes())  # fmt: skip
    data = json.loads(result.stdout)
    assert [face["box"] for face in data["faces"]] == [[178, 62, 267, 172]]
    assert data["perspective"] == "subject"
    assert data["points"][0]["part"] == "right pupil"
    whole = json.loads(ask(ASTRONAUT, "chin", "--whole", "--json").stdout)
    assert whole["faces"][0]["box"] == [-0.5, -0.5, 511.5, 511.5]


def test_a_wrong_instruction_is_shown_with_a_caret() -> None:
    result = ask("no such photo.jpg", "5 points on the left ear")
    assert result.exit_code == 2
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    (text_line,) = [i for i, line in enumerate(lines) if "5 points on the left ear" in line]
    start = lines[text_line].index("left ear")
    carets = lines[text_line + 1]
    assert carets.strip("^ ") == ""
    assert start <= carets.index("^") <= carets.rindex("^") < start + len("left ear")
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("missing.jpg", "pupils"), "there is no file"),
        (("https://example.org/photo.jpg", "pupils"), "reads files, and fetches nothing"),
        (("pupils", ASTRONAUT), "the photo comes first: faceql ask /"),
        ((ASTRONAUT.parent, "pupils"), "is a folder"),
        ((Path(__file__), "pupils"), "not an image"),
        ((ASTRONAUT, "pupils of face 3"), "only one face"),
        ((ASTRONAUT, "pupils", "--faces", "prettiest"), "faces must be"),
        ((ASTRONAUT, "pupils", "--box", "1,2,3"), "four numbers"),
        ((ASTRONAUT, "pupils", "--box", "a,b,c,d"), "four numbers"),
        ((ASTRONAUT, "pupils", "--box", "5,5,1,1"), "x0 < x1"),
        ((ASTRONAUT, "pupils", "--box", "5,5,9,9", "--whole"), "exclude"),
        ((ASTRONAUT, "pupils", "--json", "--csv"), "exclude"),
        ((ASTRONAUT, "pupils", "--units", "normalized"), "goes with --json or --csv"),
        ((ASTRONAUT, "pupils", "--weights", "missing.safetensors"), "no weights"),
        ((ASTRONAUT, "pupils", "--out", "overlay.txt"), "must end in"),
        ((ASTRONAUT, "pupils", "--out", "no/such/folder/overlay.png"), "cannot write"),
        ((ASTRONAUT, "pupils", "--out", "table.parquet"), "many photos"),
        ((ASTRONAUT.parent, "pupils", "--out", "table.parquet"), "results.jsonl or .csv"),
        ((ASTRONAUT.parent, "pupils", "--actors", "2"), "go with --ray"),
        ((ASTRONAUT.parent, "pupils", "--ray", "local", "--json"), "not for a folder"),
    ],
)
def test_what_goes_wrong_is_told_in_one_place(args: tuple[object, ...], message: str) -> None:
    result = ask(*args)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


def test_without_ray_its_extra_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pyarrow", "ray"):
        monkeypatch.setitem(sys.modules, name, None)
    result = run("ask", ASTRONAUT.parent, "pupils", "--ray", "local", "--out", "results.jsonl")
    assert result.exit_code == 2
    assert result.stderr.endswith(" is not installed: pip install 'faceql[ray]'\n")


def test_a_missing_device_is_told() -> None:
    result = run("ask", ASTRONAUT, "pupils", "--device", "cuda:99")
    assert result.exit_code == 2
    assert result.stderr.count("device must be") == 1


@pytest.mark.parametrize("device", ["cpu", "cuda:99"])
def test_no_thread_outlives_the_command(device: str) -> None:
    """One that does can abort the process as it ends: "terminate called without an active exception"."""
    before = set(threading.enumerate())
    run("ask", ASTRONAUT, "pupils", "--device", device)
    assert not [thread.name for thread in set(threading.enumerate()) - before if thread.name.startswith("faceql")]


def test_help_and_version_do_not_load_torch() -> None:
    code = (
        "import sys\n"
        "from faceql.server.cli import main\n"
        "try:\n    main([sys.argv[1]])\n"
        "finally:\n    assert 'torch' not in sys.modules and 'numpy' not in sys.modules\n"
    )
    for flag, text in (("--help", "ask"), ("--version", __version__)):
        done = subprocess.run([sys.executable, "-c", code, flag], capture_output=True, text=True, check=True)
        assert text in done.stdout
        assert done.stderr == ""


def test_the_command_runs_from_another_folder(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text("raise SystemExit('the stray model.py was imported')")
    (tmp_path / "server.py").write_text("raise SystemExit('the stray server.py was imported')")
    command = [sys.executable, "-m", "faceql.server.cli", "ask", str(ASTRONAUT), "pupils", "--out", "overlay.png"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "left pupil" in done.stdout
    assert done.stderr == ""
    with Image.open(tmp_path / "overlay.png") as overlay:
        assert overlay.size == (512, 512)


@pytest.mark.parametrize("command", ["serve", "mcp --transport http"])
@pytest.mark.parametrize(
    ("args", "keys", "message"),
    [
        (("--api-key-file", "keys.txt"), b"short\n", "at least 16 characters"),
        (("--api-key-file", "keys.txt"), b"", "no API key"),
        (("--api-key-file", "keys.txt"), b" \n\n", "no API key"),
        (("--api-key-file", "keys.txt"), b"\xff" * 20, "UTF-8"),
        (("--allow-host", "example.org:8000"), b"", "a host's name alone"),
        (("--allow-host", "https://example.org"), b"", "a host's name alone"),
        (("--allow-url-host", "https://example.org/"), b"", "a host's name alone"),
        (("--host", "0.0.0.0"), b"", "--allow-host"),
    ],
)
def test_a_server_that_would_stand_open_or_deaf_does_not_start(
    command: str, args: tuple[str, ...], keys: bytes, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("faceql.server.serve_commands.run_uvicorn", lambda *args: pytest.fail("it started"))
    (tmp_path / "keys.txt").write_bytes(keys)
    result = run(*command.split(), "--port", 0, *args)
    assert result.exit_code == 2
    assert message in result.stderr


def test_keys_come_from_the_environment_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACEQL_API_KEYS", "correct-horse-battery, another-long-key-1")
    assert read_keys(None) == ("correct-horse-battery", "another-long-key-1")
    monkeypatch.setenv("FACEQL_API_KEYS", ",")
    with pytest.raises(ConfigError, match="no API key"):
        read_keys(None)
    monkeypatch.setenv("FACEQL_API_KEYS", "")
    assert read_keys(None) == ()
    assert read_hosts("0.0.0.0", ("example.org", "::1", "*")) == ("example.org", "::1", "*")


def test_training_without_its_packages_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "lightning_fabric", None)
    monkeypatch.delitem(sys.modules, "faceql.model.training.loop", raising=False)
    result = run("train", "tiny", "--data", tmp_path, "--run", tmp_path / "run")
    assert result.exit_code == 2
    assert "lightning_fabric is not installed: pip install 'faceql[train]'" in result.output


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(["ask", "PHOTO", "pupils", "--device", "cpu"], 0), (["ask", "PHOTO", "left ear"], 2), (["parse", "pupils"], 0)],
)
def test_a_process_says_all_and_ends_with_its_status(arguments: list[str], status: int) -> None:
    photo = str(Path(__file__).parents[2] / "examples" / "astronaut.jpg")
    command = [sys.executable, "-m", "faceql.server.cli", *(photo if a == "PHOTO" else a for a in arguments)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == status
    assert "pupil" in ended.stdout or "ear" in ended.stderr
