"""300W's and WFLW's own files, and the catalogue that names them."""

from pathlib import Path

import numpy as np
import pytest

from faceql.errors import ConfigError
from faceql.model.data.datasets.catalogue import load_datasets
from faceql.querylang.registry import load_registry

from .made_datasets import place_faces, write_w300, write_wflw


@pytest.fixture(scope="module")
def w300(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_w300(tmp_path_factory.mktemp("w300"))


@pytest.fixture(scope="module")
def wflw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wflw(tmp_path_factory.mktemp("wflw"))


def load(folder: Path, kind: str, **settings: object):
    lines = [f'kind = "{kind}"', f'folder = "{folder}"', *(f"{key} = {value}" for key, value in settings.items())]
    path = folder.parent / f"{kind}.toml"
    path.write_text("[made]\n" + "\n".join(lines) + "\n")
    return load_datasets(path)["made"]


def assert_dots(faces, row: int = 0) -> None:
    """The pictures' white dots lie under the points: the origin of the numbering is right."""
    picture = faces.read_image(row)
    for x, y in faces.points[row]:
        assert picture[round(y), round(x)].min() > 200, (x, y)


def test_300w_gives_the_usual_sets(w300: Path) -> None:
    made = load(w300, "300w")
    (train,) = made.train
    assert train.names[:2] == ("afw/image_0000", "afw/image_0001")
    assert len(train) == 6
    assert {name: len(faces) for name, faces in made.tests.items()} == {"full": 6, "common": 4, "challenge": 2}
    assert made.tests["challenge"].names == ("ibug/image_0000", "ibug/image_0001")
    assert made.tests["full"].subsets == (("common",),) * 4 + (("challenge",),) * 2
    # The files count from 1.
    assert np.allclose(made.tests["challenge"].points, place_faces("300w", 2, 5), atol=1e-5)
    assert made.tests["full"].scheme.landmarks == load_registry().layouts["300w"].landmarks
    png = made.tests["common"].subset(np.array([0, 0, 1, 1], dtype=bool), "lfpw")
    assert_dots(png)


def test_300w_says_what_is_wrong(tmp_path: Path) -> None:
    root = write_w300(tmp_path / "w300", per_folder=1)
    pts = root / "ibug" / "image_0000.pts"
    lines = pts.read_text().splitlines()
    pts.write_text("\n".join([*lines[:10], *lines[11:]]))
    with pytest.raises(ConfigError, match=r"image_0000\.pts, line 71: 67 points, not 68"):
        load(root, "300w")
    pts.write_text("\n".join([*lines[:10], "12.5 n/a", *lines[11:]]))
    with pytest.raises(ConfigError, match=r"image_0000\.pts, line 11: .*n/a"):
        load(root, "300w")
    pts.write_text("\n".join(lines))
    (root / "ibug" / "image_0000.jpg").unlink()
    with pytest.raises(ConfigError, match=r"image_0000\.pts: the picture"):
        load(root, "300w")
    pts.unlink()
    with pytest.raises(ConfigError, match=r"ibug holds no \.pts"):
        load(root, "300w")
    with pytest.raises(ConfigError, match="afw is missing"):
        load(root / "helen", "300w")


def test_wflw_reads_points_boxes_and_subsets(wflw: Path) -> None:
    made = load(wflw, "wflw")
    full = made.tests["full"]
    assert np.allclose(full.points, place_faces("wflw", 4, 11), atol=1e-5)
    assert full.scheme.landmarks == load_registry().layouts["wflw"].landmarks
    assert full.subsets[1] == ("expression", "blur")
    assert {name: len(faces) for name, faces in made.tests.items()} == {
        "full": 4, "pose": 1, "expression": 1, "illumination": 1, "makeup": 1, "blur": 4,
    }  # fmt: skip
    assert full.boxes is not None
    assert (full.boxes[:, 2:] > full.boxes[:, :2]).all()
    assert np.allclose(full.inter_ocular_px, np.linalg.norm(full.points[:, 60] - full.points[:, 72], axis=1))
    assert_dots(full, 2)


def test_wflw68_and_wflw_e_are_parts_of_wflw(wflw: Path) -> None:
    full = load(wflw, "wflw").tests["full"]
    as68, extra = load(wflw, "wflw68"), load(wflw, "wflw_e")
    assert as68.train == extra.train == ()
    # The made faces are the same curves in both layouts, so the reduced points lie near 300W's own.
    assert np.abs(as68.tests["full"].points - place_faces("300w", 4, 11)).max() < 2
    assert as68.tests["full"].scheme.landmarks == load_registry().layouts["300w"].landmarks
    landmarks = extra.tests["full"].scheme.landmarks
    assert len(landmarks) == 28
    assert not {landmark.part for landmark in landmarks} & {"left pupil", "right pupil", "outer lip"}
    in_300w = set(load_registry().layouts["300w"].landmarks)
    assert not [q for q in landmarks if q in in_300w]
    assert np.array_equal(extra.tests["pose"].inter_ocular_px, full.inter_ocular_px[:1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda words: words[:-2] + words[-1:], r"test\.txt, line 2: 205 values, not 206"),
        (lambda words: ["x1", *words[1:]], r"test\.txt, line 2: .*x1"),
        (lambda words: [*words[:-3], "7", *words[-2:]], r"test\.txt, line 2: an attribute is neither 0 nor 1"),
        (lambda words: [*words[:-1], "elsewhere.jpg"], r"test\.txt, line 2: picture .*elsewhere\.jpg is missing"),
    ],
)
def test_wflw_says_which_line_is_wrong(tmp_path: Path, change, message: str) -> None:
    root = write_wflw(tmp_path / "wflw", count=2)
    path = root / "WFLW_annotations" / "list_98pt_rect_attr_train_test" / "list_98pt_rect_attr_test.txt"
    first, second = path.read_text().splitlines()
    path.write_text("\n".join([first, " ".join(change(second.split()))]))
    with pytest.raises(ConfigError, match=message):
        load(root, "wflw")


def test_points_in_a_wrong_order_are_refused(tmp_path: Path) -> None:
    root = write_wflw(tmp_path / "wflw", count=2)
    path = root / "WFLW_annotations" / "list_98pt_rect_attr_train_test" / "list_98pt_rect_attr_train.txt"
    swapped = []
    for line in path.read_text().splitlines():
        words = line.split()
        swapped.append(" ".join([*(w for pair in zip(words[1:196:2], words[:196:2], strict=True) for w in pair),
                                 *words[196:]]))  # fmt: skip
    path.write_text("\n".join(swapped))
    with pytest.raises(ConfigError, match="left eye left of the right"):
        load(root, "wflw")


def test_packs_are_datasets(made_packs: Path) -> None:
    path = made_packs / "packs.toml"
    path.write_text(
        '[people]\nkind = "pack"\nfolder = "human68"\n[hard]\nkind = "pack"\nfolder = "human98_dev"\n'
        '[machines]\nkind = "pack"\nfolder = "auto"\nlargest_disagreement = 0.1\n'
    )
    made = load_datasets(path)
    assert [faces.name for faces in made["people"].train] == ["human68"]
    validation = made["people"].tests["validation"]
    assert validation.points.shape == (4, 68, 2)
    assert validation.subsets[-1] == ("infants",)
    assert made["hard"].tests["hard"].subsets[1] == ("blur", "makeup")
    assert [len(faces) for faces in made["machines"].train] == [4, 4]
    assert (made["people"].is_human, made["machines"].is_human) == (True, False)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names no dataset"),
        ("kind = 1", "outside a table"),
        ("[a", "catalogue.toml"),
        ('[a]\nkind = "300v"\nfolder = "."', r"\[a\] kind: .*300w"),
        ('[a]\nkind = "300w"', r"\[a\] folder: Field required"),
        ('[a]\nkind = "300w"\nfolder = "."\nshares = 2', r"\[a\] shares"),
        ('[a]\nkind = "300w"\nfolder = "nowhere"', r"\[a\]: .*nowhere is no folder"),
        ('[a]\nkind = "pack"\nfolder = "."', r"labels\.npz"),
    ],
)
def test_a_wrong_catalogue_says_where(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "catalogue.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_datasets(path)


def test_a_missing_catalogue_is_a_plain_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load_datasets(tmp_path / "none.toml")
