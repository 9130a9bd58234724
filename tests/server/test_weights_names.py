"""`--weights fast` names the small detector wherever weights are named."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from faceql.engine import Engine
from faceql.errors import ConfigError
from faceql.model.checkpoint import SHIPPED
from faceql.server.cli import main
from faceql.server.shared_options import SHIPPED_WEIGHTS

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_names_are_the_checkpoints() -> None:
    assert tuple(SHIPPED) == SHIPPED_WEIGHTS


def test_an_engine_of_the_small_detector_answers_everything() -> None:
    astronaut = EXAMPLES / "astronaut.jpg"
    engine = Engine("cpu", "fast")
    assert engine.model_version.startswith("faceql-fast-")
    answer = engine.ask(astronaut, "WFLW; 4 points on the forehead")
    default = Engine("cpu").ask(astronaut, "WFLW; 4 points on the forehead")
    assert answer.parts == default.parts
    assert answer.visibility is not None
    # The face is 90 px wide.
    assert float(np.linalg.norm(answer.xy - default.xy, axis=1).mean()) < 3


def test_the_command_line_takes_the_name() -> None:
    photo = str(EXAMPLES / "astronaut.jpg")
    result = CliRunner().invoke(main, ["ask", photo, "pupils", "--json", "--weights", "fast", "--device", "cpu"])
    assert json.loads(result.output)["model_version"].startswith("faceql-fast-")


@pytest.mark.parametrize("command", ["serve", "mcp", "sheet", "eval", "export"])
def test_every_command_takes_the_name(command: str) -> None:
    (option,) = [one for one in main.commands[command].params if one.name == "weights"]
    assert option.type.convert("fast", None, None) == Path("fast")


def test_an_engine_of_no_weights_says_so() -> None:
    with pytest.raises(ConfigError, match="name"):
        Engine("cpu", 3)  # type: ignore[arg-type]
