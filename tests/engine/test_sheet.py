from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from faceql.engine import Answer, Engine
from faceql.engine.sheet import make_sheet
from faceql.errors import ConfigError, QueryError
from faceql.model.checkpoint import save_detector
from faceql.server.cli import main
from faceql.server.folder_results import list_photos


@pytest.fixture
def folder(tmp_path: Path, astronaut: np.ndarray) -> Path:
    """Two photos of the astronaut, one of nobody, one that is no picture, and a text beside them."""
    photos = tmp_path / "photos"
    photos.mkdir()
    Image.fromarray(astronaut).save(photos / "a.png")
    Image.fromarray(astronaut[:, ::-1]).save(photos / "b.jpg")
    Image.new("RGB", (90, 90), (90, 120, 90)).save(photos / "c.png")
    (photos / "d.png").write_bytes(b"no picture")
    (photos / "notes.txt").write_text("beside them")
    return photos


def list_paths(folder: Path) -> list[Path]:
    return [folder / name for name in list_photos(folder)]


def test_every_face_gets_a_tile_and_what_fails_is_told(engine: Engine, folder: Path) -> None:
    sheet = make_sheet(engine, list_paths(folder), "12 points on the outer lip", tile=128, columns=4)
    assert [path.name for path in sheet.shown] == ["a.png", "b.jpg"]
    assert [path.name for path, _ in sheet.skipped] == ["c.png", "d.png"]
    assert sheet.picture.size == (2 * 128, 128)
    left, right = (np.asarray(sheet.picture.crop((x, 0, x + 128, 110)), dtype=float) for x in (0, 128))
    # Both tiles show the same face, the second one mirrored.
    assert np.abs(left - right[:, ::-1]).mean() < np.abs(left - right).mean()


def test_the_limit_holds_and_rows_fill(engine: Engine, folder: Path) -> None:
    photos = [folder / "a.png"] * 5
    assert make_sheet(engine, photos, "pupils", tile=64, columns=2, limit=3).picture.size == (128, 128)


def test_mistakes_are_told(engine: Engine, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(QueryError):
        make_sheet(engine, list_paths(folder), "left ear")
    with pytest.raises(ConfigError, match="none of 1"):
        make_sheet(engine, [folder / "d.png"], "pupils")
    empty = tmp_path / "empty"
    empty.mkdir()
    result = CliRunner().invoke(main, ["sheet", str(empty), "pupils", "--out", str(tmp_path / "sheet.png")])
    assert result.exit_code == 2
    assert "no photo" in result.output


def test_the_command_writes_the_sheet(detector, folder: Path, tmp_path: Path) -> None:
    weights, out = tmp_path / "random.safetensors", tmp_path / "sheet.png"
    save_detector(weights, detector, "random", {})
    arguments = ["sheet", str(folder), "pupils", "--weights", str(weights), "--device", "cpu", "--tile", "80"]
    result = CliRunner().invoke(main, [*arguments, "--out", str(out)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "2 photos" in result.output
    assert "2 skipped" in result.output
    with Image.open(out) as picture:
        assert picture.size == (160, 80)
    result = CliRunner().invoke(main, [*arguments, "--out", str(tmp_path / "sheet.doc")])
    assert result.exit_code == 2
    assert ".png" in result.output


def test_a_small_face_in_a_large_photo_costs_its_own_surroundings_only(
    engine: Engine, astronaut: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = Image.new("RGB", (3000, 2000), (90, 120, 90))
    large.paste(Image.fromarray(astronaut).resize((128, 128)), (100, 60))
    large.save(tmp_path / "large.png")
    sizes = []
    draw = Answer.draw

    def watch(self: Answer, *args: object, **options: object) -> Image.Image:
        sizes.append(self.image_size)
        return draw(self, *args, **options)

    monkeypatch.setattr(Answer, "draw", watch)
    sheet = make_sheet(engine, [tmp_path / "large.png"], "pupils", tile=512)
    assert sheet.picture.size == (512, 512)
    assert max(sizes[0]) < 100
