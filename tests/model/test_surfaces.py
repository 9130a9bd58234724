"""Surfaces through the detector: queries, training, reading and scoring."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from faceql.errors import CheckpointError, ConfigError
from faceql.model.checkpoint import load_detector, save_detector
from faceql.model.crops import CropFrame, cut_crop
from faceql.model.data.datasets.packs import load_pack
from faceql.model.detector import Detector
from faceql.model.evaluation.predict import landmark_frames
from faceql.model.evaluation.surfaces import measure_surfaces
from faceql.model.landmark_encoder import SurfaceEncoder
from faceql.model.reader import LandmarkReader
from faceql.model.surface_mesh import load_surface_mesh
from faceql.model.surface_shape import fit_shape
from faceql.model.training.calibration import calibrate_surfaces
from faceql.model.training.loop import Trainer
from faceql.model.training.recipe import Recipe, Stage, load_recipe
from faceql.model.training.sets import TrainingFaces, load_training_faces
from faceql.querylang.surfaces import load_surfaces

from .conftest import SMALL, make_detector
from .made_packs import write_merl68
from .made_surfaces import write_meshed_human68

MESH = load_surface_mesh()
PHOTO = Path(__file__).parents[2] / "examples" / "astronaut.jpg"
RECIPE = Recipe(
    name="made-surfaces",
    detector={**SMALL, "encoder": "test_resnet", "part_vectors": "learned"},
    stages=(
        Stage(pictures=4, image_size=32, human_share=1.0, learns=("surface_encoder",)),
        Stage(pictures=8, image_size=32, human_share=1.0),
    ),
    encoder_weights="none",
    batch_size=2,
    warmup_pictures=4,
    surface_weight=0.5,
    visibility_weight=1.0,
    fresh_rate_factor=2.0,
    count_surface=12,
    shares={"human68": 0.5, "merl68": 0.5},
)


@pytest.fixture(scope="module")
def detector() -> Detector:
    made = make_detector()
    torch.manual_seed(3)
    made.surface_encoder = SurfaceEncoder(made.config, len(made.surface_names)).eval()
    made.surface_encoder.surface_vectors.copy_(torch.randn(len(made.surface_names), 384) / 20)
    wide = 1 + 0.05 * np.random.default_rng(0).normal(size=(40, 1, 2))
    made.surface_shape = fit_shape(MESH.shape * wide)
    return made


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("surfaces")
    write_meshed_human68(root / "human68")
    write_merl68(root / "merl68")
    return root


@pytest.fixture(scope="module")
def faces(packs: Path) -> TrainingFaces:
    return load_training_faces(packs, RECIPE)


def make_trainer(faces: TrainingFaces, run: Path, recipe: Recipe = RECIPE, start: Path | None = None) -> Trainer:
    run.mkdir(exist_ok=True)
    return Trainer(recipe, faces, run, precision="32-true", devices=1, start=start)


def test_a_place_does_not_depend_on_company(detector: Detector, crops: torch.Tensor) -> None:
    ids, places = (
        detector.surface_ids(["left cheek"] * 40),
        torch.rand(40, 2, generator=torch.Generator().manual_seed(1)),
    )
    with torch.no_grad():
        encoded = detector.encode(crops)
        together, alone = (
            detector.decode_surfaces(encoded, ids, places),
            detector.decode_surfaces(encoded, ids[7:8], places[7:8]),
        )
    for name in ("coordinates", "log_scale", "stretch"):
        assert torch.equal(getattr(alone, name)[:, 0], getattr(together, name)[:, 7])
    assert together.coordinates.shape == (2, 40, 2)
    assert together.coordinates.std() > 0


def test_weights_keep_surfaces_and_curves_do_not_feel_them(
    detector: Detector, crops: torch.Tensor, asked: tuple[list[str], torch.Tensor], tmp_path: Path
) -> None:
    plain = make_detector()
    save_detector(tmp_path / "surfaces.safetensors", detector, "1", {})
    save_detector(tmp_path / "plain.safetensors", plain, "1", {})
    kept, without = (load_detector(tmp_path / f"{name}.safetensors").detector for name in ("surfaces", "plain"))
    assert without.surface_encoder is None
    with torch.no_grad():
        first, second = (one.decode(one.encode(crops), one.part_ids(asked[0]), asked[1]) for one in (kept, without))
        assert torch.equal(first.coordinates, second.coordinates)
        ids, places = kept.surface_ids(["forehead"]), torch.tensor([[0.2, 0.7]])
        own, again = (one.decode_surfaces(one.encode(crops), ids, places) for one in (detector, kept))
        assert torch.equal(own.coordinates, again.coordinates)
        with pytest.raises(ConfigError, match="surface_weight"):
            without.decode_surfaces(without.encode(crops), ids, places)
        with pytest.raises(ConfigError, match="surface_weight"):
            LandmarkReader(without).read(without.encode(crops), ["forehead"], [0.2], vs=[0.7])
    kept.surface_names = (*kept.surface_names[1:], "left ear")
    save_detector(tmp_path / "others.safetensors", kept, "1", {})
    with pytest.raises(CheckpointError, match="other surfaces"):
        load_detector(tmp_path / "others.safetensors")


@pytest.fixture(scope="module")
def shipped() -> Detector:
    return load_detector(Path("default")).detector


@pytest.fixture(scope="module")
def portrait(shipped: Detector) -> torch.Tensor:
    photo = np.asarray(Image.open(PHOTO).convert("RGB"))
    crop = cut_crop(photo, CropFrame((220.0, 125.0), 165.0), shipped.config.image_size)
    return torch.from_numpy(crop.copy()).permute(2, 0, 1)[None]


# What has learnt nothing makes meshes that fold all over.
def test_edges_lie_on_curves_and_neighbours_meet(shipped: Detector, portrait: torch.Tensor) -> None:
    reader = LandmarkReader(shipped)
    with torch.no_grad():
        encoded = reader.encode(portrait)
        found = reader.read(encoded, ["left eye", "left under eye", "left eye"], [0.7, 0.5, 0.2], vs=[None, 0.0, None])
        alone = reader.read(encoded, ["left eye"], [0.7])
        vertices = reader.read_vertices(encoded)
        line = reader.read(encoded, ["left eye"] * 2001, np.linspace(0, 1, 2001).tolist()).coordinates
        sides = [reader.read(encoded, [name], [u], vs=[v]).coordinates for name, u, v in SHARED]
    np.testing.assert_array_equal(found.coordinates[:, 0], alone.coordinates[:, 0])
    on_eye = [v for v, place in MESH.curve_places.items() if place.part == "left eye"]
    away = np.linalg.norm(vertices[:, on_eye, None, :2] - line[:, None], axis=-1).min(axis=2)
    assert away.max() < 1e-3
    np.testing.assert_allclose(sides[0], sides[1], atol=1e-9)


NOSE, CHEEK = (
    dict(zip(MESH.surfaces[n].vertices.tolist(), MESH.surfaces[n].uv.tolist(), strict=True))
    for n in ("left nose side", "left cheek")
)
SHARED = [("left nose side", *NOSE[47]), ("left cheek", *CHEEK[47])]


def test_the_mirrored_mean_is_symmetric(shipped: Detector, portrait: torch.Tensor) -> None:
    reader = LandmarkReader(shipped, flip_test=True)
    with torch.no_grad():
        plain = reader.read(reader.encode(portrait), ["left cheek"], [0.3], vs=[0.6])
        turned = reader.read(reader.encode(portrait.flip(-1)), ["right cheek"], [0.7], vs=[0.6])
    np.testing.assert_allclose(plain.coordinates * (-1, 1) + (1, 0), turned.coordinates, atol=2e-4)


def test_joint_attention_answers_no_surfaces(joint_detector: Detector, crops: torch.Tensor) -> None:
    reader = LandmarkReader(joint_detector)
    with torch.no_grad(), pytest.raises(ConfigError, match="joint"):
        reader.read(reader.encode(crops), ["forehead"], [0.2], vs=[0.7])


def test_a_run_learns_surfaces_and_visibility_with_curves(faces: TrainingFaces, tmp_path: Path) -> None:
    trainer = make_trainer(faces, tmp_path)
    before = {name: p.detach().clone() for name, p in trainer.detector.named_parameters()}
    losses = [trainer.train_step() for _ in range(2)]
    moved = {name for name, p in trainer.detector.named_parameters() if not torch.equal(p, before[name])}
    assert moved
    assert all(name.startswith("surface_encoder.") for name in moved)
    losses += [trainer.train_step() for _ in range(12)]
    assert any(np.isfinite(step.surface) for step in losses)
    assert any(np.isfinite(step.visibility) for step in losses)
    moved = {name.split(".")[0] for name, p in trainer.detector.named_parameters() if not torch.equal(p, before[name])}
    assert {"image_encoder", "decoder", "landmark_encoder", "surface_encoder", "visibility"} <= moved


def test_a_run_of_surfaces_goes_on_exactly(faces: TrainingFaces, tmp_path: Path) -> None:
    whole, killed = make_trainer(faces, tmp_path / "whole"), make_trainer(faces, tmp_path / "killed")
    for trainer, steps in ((whole, 5), (killed, 3)):
        for _ in range(steps):
            trainer.train_step()
    killed.save()
    resumed = make_trainer(faces, tmp_path / "killed")
    for _ in range(2):
        resumed.train_step()
    for name, tensor in whole.detector.state_dict().items():
        assert torch.equal(tensor, resumed.detector.state_dict()[name]), name


@pytest.mark.slow
def test_what_is_new_is_not_mixed_with_the_start(faces: TrainingFaces, packs: Path, tmp_path: Path) -> None:
    plain = Detector(RECIPE.detector).eval()
    save_detector(tmp_path / "start.safetensors", plain, "1", {})
    recipe = RECIPE.model_copy(update={"start_share": 0.5})
    trainer = make_trainer(faces, tmp_path / "run", recipe, tmp_path / "start.safetensors")
    trainer.fit(log_every_s=1e9, save_every_s=1e9, validate_every_s=1e9)
    made = load_detector(tmp_path / "run" / "detector.safetensors").detector
    own = trainer.average.state_dict()
    for name, tensor in made.state_dict().items():
        if name.startswith("surface_encoder."):
            assert torch.equal(tensor, own[name])
    name = "decoder.layers.0.feedforward.0.weight"
    half = (own[name] + plain.state_dict()[name]) / 2
    torch.testing.assert_close(made.state_dict()[name], half)
    assert made.surface_shape is not None
    factor = load_detector(tmp_path / "run" / "detector.safetensors").training["surface_error_factor"]
    assert float(made.surface_shape.log_error_factor) == pytest.approx(np.log(factor), abs=1e-6)
    assert calibrate_surfaces(made, faces.validation) == pytest.approx(1, abs=1e-5)
    assert (tmp_path / "run" / "log.csv").read_text().splitlines()[0].endswith("surface_loss,visibility_loss")


def test_surfaces_are_scored(detector: Detector, packs: Path) -> None:
    faces = load_pack(packs / "human68", 1.0)[1]["validation"]
    found = measure_surfaces(LandmarkReader(detector), faces, landmark_frames(faces))
    assert (found.faces, found.left_out) == (3, 0)
    assert len(found.surfaces) == 14
    assert all(scores.mesh_flat_share == 100 for name, scores in found.surfaces.items() if name == "forehead")
    assert found.edges["left eye"] < 1
    assert found.vertices["all"][0] == 468 == sum(count for name, (count, _) in found.vertices.items() if name != "all")
    assert "| cheek |" in found.to_markdown()


def test_the_shipped_recipe_fits_its_weights() -> None:
    recipe = load_recipe("default-surfaces")
    assert recipe.surface_weight
    assert recipe.visibility_weight
    assert recipe.stages[0].learns == ("surface_encoder",)
    assert len(load_surfaces()) == len(MESH.surfaces)
