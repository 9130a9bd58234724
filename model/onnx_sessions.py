"""Exported graphs opened by a runtime: ONNX Runtime or OpenVINO."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from queue import Empty, SimpleQueue
from types import ModuleType
from typing import Any, Literal, Protocol

import numpy.typing as npt
import torch

from ..errors import CheckpointError, ConfigError

Array = npt.NDArray[Any]
Shape = tuple[int | None, ...]
"""Of an input or an output; None where a dimension is free."""
Runtime = Literal["onnxruntime", "openvino"]

Precision = Literal["float32", "bfloat16"]
CROPS, LEVEL = "crops", "level_"
"""What an encoder is given, and the beginning of its feature maps' names."""
QUERIES = ("part_ids", "fpalps")
"""What encoders and decoders are asked."""

MOST_FIXED = 4
"""See `OpenVinoPlans`."""
MOST_SEEN = 64
"""Kinds of input that are remembered as seen once."""


class Session(Protocol):
    """An open graph; one serves many threads.

    Attributes:
        inputs, outputs: their shapes by name.
        metadata: what the file says of itself.
    """

    @property
    def inputs(self) -> Mapping[str, Shape]: ...
    @property
    def outputs(self) -> Mapping[str, Shape]: ...
    @property
    def metadata(self) -> Mapping[str, str]: ...
    def run(self, names: Sequence[str], feed: Mapping[str, Array]) -> list[Array]:
        """Return the outputs of these names."""
        ...


class OnnxRuntimeSession:
    """A graph in ONNX Runtime, on the CPU; see `Session`."""

    def __init__(self, graph: bytes, threads: int, precision: Precision) -> None:
        assert precision == "float32"
        runtime = import_extra("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads
        # Plans of memory are kept for every shape, and a shape comes with every number of landmarks.
        options.enable_mem_pattern = False
        self._session = runtime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        self.inputs: Mapping[str, Shape] = {end.name: _read_shape(end.shape) for end in self._session.get_inputs()}
        self.outputs: Mapping[str, Shape] = {end.name: _read_shape(end.shape) for end in self._session.get_outputs()}
        self.metadata: Mapping[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)

    def run(self, names: Sequence[str], feed: Mapping[str, Array]) -> list[Array]:
        """Return the outputs of these names."""
        found: list[Array] = self._session.run(list(names), dict(feed))
        return found


class OpenVinoPlans:
    """A model of OpenVINO's on the CPU; one serves many threads.

    A thread that PyTorch may use one core in, as each of `Engine.ask_many`'s, is given one core here too.

    Args:
        model: Of `openvino.Model`.
        precision: In which it computes.
        threads: How many cores all may use.
        most_fixed: For so many kinds of input, the very first and those that come twice first, a plan is made that is
            free of what any other kind would need; making one takes some 0.2 s of a large model. Inputs are of one kind
            that have the same shapes and are asked the same: in such a plan `QUERIES` are constants, and so is what
            hangs on them alone.

    Attributes:
        inputs: Their names.
    """

    def __init__(self, model: Any, precision: Precision, threads: int, most_fixed: int = MOST_FIXED) -> None:
        self.inputs = tuple(_read_ends(model.inputs))
        self._model = model
        self._precision = precision
        self._threads = threads
        self._most_fixed = most_fixed
        self._plans: dict[_PlanKey, _Plan] = {}
        self._seen: Counter[_PlanKey] = Counter()
        self._lock = threading.Lock()

    def run(self, feed: Mapping[str, Array]) -> dict[str, Array]:
        """Return all outputs by name.

        Args:
            feed: Every input by name, contiguous.
        """
        return self._choose_plan(feed).run(feed)

    def _choose_plan(self, feed: Mapping[str, Array]) -> _Plan:
        """Return the plan for such inputs, which is made if need be."""
        streams = self._threads if torch.get_num_threads() == 1 else 1
        asked = b"".join(feed[name].tobytes() for name in QUERIES if name in feed)
        key = (streams, tuple(array.shape for array in feed.values()), asked)
        with self._lock:
            if key not in self._plans and self._is_due(key):
                self._plans[key] = self._make_plan(fix_inputs(self._model, feed), streams)
            if key not in self._plans:
                key = (streams, (), b"")
            if key not in self._plans:
                self._plans[key] = self._make_plan(self._model, streams)
            return self._plans[key]

    def _is_due(self, key: _PlanKey) -> bool:
        """Whether a plan of its own is to be made for a kind of input."""
        fixed = sum(1 for plan in self._plans if plan[0] == key[0] and plan[1])
        if fixed >= self._most_fixed:
            return False
        if len(self._seen) >= MOST_SEEN:
            self._seen.clear()
        self._seen[key] += 1
        return fixed == 0 or self._seen[key] > 1

    def _make_plan(self, model: Any, streams: int) -> _Plan:
        settings = {
            "INFERENCE_PRECISION_HINT": {"float32": "f32", "bfloat16": "bf16"}[self._precision],
            "INFERENCE_NUM_THREADS": self._threads,
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": streams,
        }
        return _Plan(open_core().compile_model(model, "CPU", settings))


_PlanKey = tuple[int, tuple[Shape, ...], bytes]
"""How many runs share the cores, the shapes of inputs, and what is asked; none where any will do."""


def fix_inputs(model: Any, feed: Mapping[str, Array]) -> Any:
    """Return a copy of a model of OpenVINO's for inputs of these shapes, in which these `QUERIES` are constants."""
    ops = import_extra("openvino.opset13")
    fixed = model.clone()
    fixed.reshape({name: list(array.shape) for name, array in feed.items()})
    for node in fixed.get_parameters():
        name = node.output(0).get_any_name()
        if name in QUERIES:
            constant = ops.constant(feed[name]).output(0)
            for reader in list(node.output(0).get_target_inputs()):
                reader.replace_source_output(constant)
            fixed.remove_parameter(node)
    return fixed


class _Plan:
    """A compiled model, and the memory of those of its runs that are done."""

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled
        # One may have several.
        self._names = [output.get_names() for output in compiled.outputs]
        self._inputs = tuple(_read_ends(compiled.inputs))
        self._idle: SimpleQueue[Any] = SimpleQueue()

    def run(self, feed: Mapping[str, Array]) -> dict[str, Array]:
        try:
            request = self._idle.get_nowait()
        except Empty:
            request = self._compiled.create_infer_request()
        # The outputs are copied, so that the next run may write over them.
        found = request.infer({name: feed[name] for name in self._inputs}, share_inputs=True)
        each = zip(self._names, found.to_tuple(), strict=True)
        named = {name: array for names, array in each for name in names}
        self._idle.put(request)
        return named


class OpenVinoSession:
    """A graph in OpenVINO; see `Session` and `OpenVinoPlans`. In bfloat16 no more than feature maps are computed."""

    def __init__(self, graph: bytes, threads: int, precision: Precision) -> None:
        model = open_core().read_model(graph, b"")
        self.inputs: Mapping[str, Shape] = _read_ends(model.inputs)
        self.outputs: Mapping[str, Shape] = _read_ends(model.outputs)
        # Where OpenVINO puts what an ONNX file says of itself.
        told = dict(model.get_rt_info().items()).get("framework", {})
        self.metadata: Mapping[str, str] = {key: str(getattr(value, "value", value)) for key, value in told.items()}
        levels = [name for name in self.outputs if name.startswith(LEVEL)]
        steps: list[tuple[Any, Precision]] = [(model, "float32")]
        if precision == "bfloat16" and levels:
            steps = split_model(model, levels)
        self._steps = [OpenVinoPlans(*step, threads) for step in steps]

    def run(self, names: Sequence[str], feed: Mapping[str, Array]) -> list[Array]:
        """Return the outputs of these names."""
        known = dict(feed)
        for step in self._steps:
            known |= step.run({name: known[name] for name in step.inputs})
        return [known[name] for name in names]


def split_model(model: Any, levels: Sequence[str]) -> list[tuple[Any, Precision]]:
    """Return a model as two, one for what its feature maps hang on, the other for the rest, and each one's precision.

    Args:
        model: Of `openvino.Model`.
        levels: The names of its outputs that are feature maps.
    """
    openvino, ops = import_extra("openvino"), import_extra("openvino.opset13")
    first, rest = model.clone(), model.clone()
    maps = [first.output(name) for name in levels]
    crops = [node for node in first.get_parameters() if node.output(0).get_any_name() == CROPS]
    front = openvino.Model([output.get_node() for output in maps], crops, "feature maps")
    given = []
    for name in levels:
        made = rest.output(name).get_node().input(0).get_source_output()
        # The same numbers, parted into heads and joined again.
        while made.get_node().get_type_name() == "Reshape":
            made = made.get_node().input(0).get_source_output()
        node = ops.parameter(made.get_partial_shape(), made.get_element_type())
        readers = list(made.get_target_inputs())
        made.set_names(set())
        node.output(0).set_names({name})
        for reader in readers:
            reader.replace_source_output(node.output(0))
        given.append(node)
    results = [node for node in rest.get_results() if node.output(0).get_any_name() not in levels]
    # Of the crops too: how many there are is read off them.
    return [(front, "bfloat16"), (openvino.Model(results, [*given, *rest.get_parameters()], "answers"), "float32")]


SESSIONS: Mapping[Runtime, type[OnnxRuntimeSession | OpenVinoSession]] = {
    "onnxruntime": OnnxRuntimeSession,
    "openvino": OpenVinoSession,
}


def open_session(
    runtime: Runtime, name: str, graph: bytes, threads: int | None, precision: Precision = "float32"
) -> Session:
    """Open a graph.

    Args:
        runtime: What runs it.
        name: Which one it is, for errors.
        graph: The file.
        threads: How many threads one operation may use; None for as many as PyTorch uses.
        precision: In which feature maps are computed.

    Raises:
        CheckpointError: It is no ONNX file, or a damaged one.
        ConfigError: The runtime is not installed, or neither it nor the processor knows the precision.
    """
    check_precision(runtime, precision)
    try:
        return SESSIONS[runtime](graph, threads or torch.get_num_threads(), precision)
    # Their errors have no root of their own.
    except Exception as error:
        raise CheckpointError(f"the {name} cannot be read as ONNX: {error}") from error


def check_precision(runtime: Runtime, precision: Precision) -> None:
    """Raise where a runtime does not compute in a precision.

    Raises:
        ConfigError: Neither it nor the processor knows the precision, or the runtime is not installed.
    """
    import_extra(runtime)
    if precision == "float32":
        return
    if runtime == "onnxruntime":
        raise ConfigError(f'backend "onnxruntime" computes in float32, not in {precision}')
    if "BF16" not in open_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        raise ConfigError('this processor is no faster in bfloat16: leave precision at "float32"')


@cache
def open_core() -> Any:
    """Return what opens and compiles OpenVINO's models: one for all, since each has plugins and threads of its own.

    Raises:
        ConfigError: It is not installed.
    """
    return import_extra("openvino").Core()


def import_extra(name: str) -> ModuleType:
    """Import a module of the extras `onnx` and `openvino`.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        extra = "openvino" if name == "openvino" else "onnx"
        raise ConfigError(f"{name} is not installed: pip install 'faceql[{extra}]'") from error


def _read_shape(shape: Sequence[int | str | None]) -> Shape:
    return tuple(side if isinstance(side, int) else None for side in shape)


def _read_ends(ends: Sequence[Any]) -> dict[str, Shape]:
    return {
        end.get_any_name(): tuple(side.get_length() if side.is_static else None for side in end.get_partial_shape())
        for end in ends
    }
