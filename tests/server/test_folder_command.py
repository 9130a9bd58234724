"""`faceql ask FOLDER`: one file of results, bad photos skipped and told, gone on with after a stop."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
import pytest
from PIL import Image

from faceql.engine import Answer, AskSettings, Engine
from faceql.errors import ConfigError, QueryError
from faceql.querylang.parse import parse
from faceql.server.folder_command import Progress, ask_folder, describe_seconds
from faceql.server.folder_results import ResultFile, list_photos

TEXT = "4 points per eyebrow"


@pytest.fixture
def album(tmp_path: Path, photo: bytes) -> Path:
    """Three good photos in two folders, a broken one, and a file that is none."""
    folder = tmp_path / "album"
    (folder / "inner").mkdir(parents=True)
    for name in ("a.png", "b, with comma.PNG", "inner/c.png"):
        (folder / name).write_bytes(photo)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    (folder / "notes.txt").write_text("no photo")
    return folder


class Counting:
    """Loads the engine and counts the photos it is asked."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.asked: list[Path] = []
        self.model_version = engine.model_version

    def __call__(self) -> Counting:
        return self

    def ask_many(self, images, query, **named):
        for image in images:
            self.asked.append(image)
            yield from self.engine.ask_many([image], query, **named)


def run(album: Path, out: Path | None, engine: object, text: str = TEXT, **named) -> int:
    options = {"overwrite": False} | named
    return ask_folder(album, text, out, engine, **options)  # type: ignore[arg-type]


def read_lines(path: Path) -> dict[str, dict]:
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert len({row["file"] for row in rows}) == len(rows)
    return {row["file"]: row for row in rows}


def test_photos_are_found_below_the_folder_by_ending(album: Path) -> None:
    assert list_photos(album) == ["a.png", "b, with comma.PNG", "broken.jpg", "inner/c.png"]


def test_an_empty_choice_of_faces_is_none(album: Path, engine: Engine, tmp_path: Path) -> None:
    run(album, tmp_path / "plain.jsonl", lambda: engine)
    run(album, tmp_path / "empty.jsonl", lambda: engine, asked=AskSettings(faces=""))
    plain, empty = (read_lines(tmp_path / f"{name}.jsonl") for name in ("plain", "empty"))
    assert empty == plain
    assert "answer" in plain["a.png"]


def test_json_lines_hold_every_photos_answer_or_error(album: Path, engine: Engine, tmp_path: Path, capsys) -> None:
    out = tmp_path / "results.jsonl"
    assert run(album, out, lambda: engine) == 0
    rows = read_lines(out)
    assert list(rows) == list_photos(album)
    want = engine.ask(album / "a.png", TEXT)
    np.testing.assert_allclose(Answer.from_dict(rows["inner/c.png"]["answer"]).xy, want.xy, atol=1e-2)
    assert rows["broken.jpg"]["error"]["code"] == "image"
    told = capsys.readouterr()
    assert "3 of 4 photos answered now" in told.err
    assert "1 skipped:\n  broken.jpg: " in told.err
    assert told.out == f"results: {out}\n"


def test_csv_holds_a_row_for_each_point(album: Path, engine: Engine, tmp_path: Path) -> None:
    out = tmp_path / "results.csv"
    assert run(album, out, lambda: engine) == 0
    rows = list(csv.DictReader(io.StringIO(out.read_text("utf-8"))))
    assert [row["file"] for row in rows[::8]] == ["a.png", "b, with comma.PNG", "inner/c.png"]
    assert len(rows) == 24
    assert rows[0]["name"] == "left eyebrow tail"


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
def test_a_stopped_run_goes_on_where_it_was(album: Path, engine: Engine, tmp_path: Path, ending: str) -> None:
    whole, cut = tmp_path / f"whole.{ending}", tmp_path / f"cut.{ending}"
    run(album, whole, Counting(engine))
    data = whole.read_bytes()
    for share in np.linspace(0, 1, 12):
        cut.write_bytes(data[: int(share * len(data))])
        counting = Counting(engine)
        assert run(album, cut, counting) == 0
        assert cut.read_bytes() == data or ending == "csv"
        if ending == "csv":
            assert sorted(cut.read_text("utf-8").splitlines()) == sorted(data.decode().splitlines())
        assert len(counting.asked) <= 4
    again = Counting(engine)
    run(album, whole, again)
    # A .csv has no place for errors, and its last photo may have been cut off.
    assert [path.name for path in again.asked] == ([] if ending == "jsonl" else ["broken.jpg", "c.png"])
    assert whole.read_bytes() == data


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
def test_results_of_another_instruction_are_not_mixed_with(
    album: Path, engine: Engine, tmp_path: Path, ending: str
) -> None:
    out = tmp_path / f"results.{ending}"
    run(album, out, lambda: engine)
    data = out.read_bytes()
    with pytest.raises(ConfigError, match=r"another instruction.*--overwrite"):
        run(album, out, lambda: engine, "pupils")
    assert out.read_bytes() == data
    assert run(album, out, lambda: engine, "pupils", overwrite=True) == 0
    assert b"left pupil" in out.read_bytes()


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
def test_a_file_of_something_else_is_not_overwritten(album: Path, engine: Engine, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"letter.{ending}"
    out.write_text("Dear Sir or Madam,\nyours\n")
    with pytest.raises(ConfigError, match="something else than results"):
        run(album, out, lambda: engine)
    assert out.read_text() == "Dear Sir or Madam,\nyours\n"


def test_a_file_that_cannot_be_written_is_told_before_the_engine_is_loaded(album: Path, tmp_path: Path) -> None:
    def never() -> Engine:
        raise AssertionError("the engine was loaded")

    with pytest.raises(ConfigError, match="cannot write"):
        run(album, tmp_path / "no" / "folder.jsonl", never)
    with pytest.raises(click.UsageError, match="is a folder: say where the answers go"):
        run(album, None, never)
    with pytest.raises(click.UsageError, match="is a folder"):
        run(album, tmp_path / "picture.png", never)
    with pytest.raises(QueryError):
        run(album, tmp_path / "results.jsonl", never, "left ear")
    (tmp_path / "empty").mkdir()
    with pytest.raises(click.UsageError, match="there is no photo"):
        run(tmp_path / "empty", tmp_path / "results.jsonl", never)


def test_nothing_answered_is_a_failure(album: Path, engine: Engine, tmp_path: Path) -> None:
    for name in list_photos(album):
        (album / name).write_bytes(b"nothing")
    assert run(album, tmp_path / "results.jsonl", lambda: engine) == 1


def test_progress_says_how_long_it_will_take(capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    import faceql.server.folder_command as module

    clock = iter(range(0, 1000, 20))
    monkeypatch.setattr(module.time, "monotonic", lambda: float(next(clock)))
    progress = Progress(10, 4)
    progress.show(0)
    progress.show(1)
    progress.end()
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "5 of 10 photos, 0.1 a second, 2 min left"
    assert lines[1].endswith(", 1 skipped")


@pytest.mark.parametrize(("seconds", "text"), [(40, "40 s"), (200, "3 min"), (5400, "1.5 h")])
def test_times_for_people(seconds: float, text: str) -> None:
    assert describe_seconds(seconds) == text


def test_a_result_file_can_be_empty(tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    path.touch()
    results = ResultFile(path, parse(TEXT), overwrite=False)
    results.close()
    assert (
        path.read_text("utf-8")
        == "file,index,face,part,fpalp,name,x,y,expected_error,seen,hidden,turned_away,outside\n"
    )


def test_the_command_takes_a_folder(album: Path, tmp_path: Path) -> None:
    astronaut = Image.open(Path(__file__).parents[2] / "examples" / "astronaut.jpg")
    for name in ("a.png", "b, with comma.PNG"):
        (album / name).unlink()
    astronaut.save(album / "inner" / "c.png")
    command = [sys.executable, "-m", "faceql.server.cli", "ask", str(album), TEXT, "--device", "cpu"]
    done = subprocess.run(
        [*command, "--out", "results.jsonl"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "results: results.jsonl\n"
    assert "1 of 2 photos answered now" in done.stderr
    assert len(read_lines(tmp_path / "results.jsonl")["inner/c.png"]["answer"]["points"]) == 8
    refused = subprocess.run([*command, "--json"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "not for a folder" in refused.stderr
