"""All that is to be measured on a GPU, in at most ten minutes: make gpu, or

    python benchmarks/gpu.py [--out FOLDER] [--minutes 10] [--data FOLDER [--recipe NAME]] [--device cpu --small]

runs the tests marked gpu, ask_speed.py, http_load.py and throughput.py on CUDA, each in a process of its own with a
limit of time, and, where --data names a folder of face packs, `faceql train` for what is left of the minutes. What each
printed goes to FOLDER/<step>.txt, what came of it to FOLDER/summary.json, the trained weights beside them. A step that
fails does not stop the others; the exit status is then 1. Nothing is downloaded. What is missing is named before
anything runs (exit status 2): faceql need not be installed, what it needs must be.

`--device cpu --small` does the same with little of everything, to try the script where there is no GPU.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import tomllib
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
# The whole tree of these is their packagers' matter, and CUDA builds name it differently.
NOT_FOLLOWED = {"torch", "timm", "sentence-transformers", "numpy"}
# Not needed to ask, to serve or to train.
NOT_NEEDED = {"sentence-transformers"}
FOR_TESTS = ("pytest>=8.3", "pytest-xdist>=3.6", "hypothesis>=6.112")
FOR_TRAINING = ("scipy>=1.13", "h5py>=3.11", "rich>=13")
LEAST_TRAINING_S = 20.0


@dataclass
class Step:
    """A step of the script.

    Attributes:
        name: Of its file.
        command: What is run, after `python`.
        limit_s: When it is stopped.
        status: Its exit status; None where it was stopped.
        seconds: How long it took.
    """

    name: str
    command: list[str]
    limit_s: float
    status: int | None = None
    seconds: float = 0.0


def find_missing(requirements: list[str], seen: set[str]) -> list[str]:
    """Return what is not installed, or too old, of requirements and of what they require."""
    missing = []
    for text in requirements:
        wanted = Requirement(text)
        name = wanted.name.lower().replace("_", "-")
        if name in seen or (wanted.marker and not wanted.marker.evaluate({"extra": ""})):
            continue
        seen.add(name)
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(str(wanted))
            continue
        if not wanted.specifier.contains(found, prereleases=True):
            missing.append(f"{wanted} (here is {found})")
        if name not in NOT_FOLLOWED:
            missing += find_missing(metadata.requires(name) or [], seen)
    return missing


def check_machine(device: str, trains: bool) -> list[str]:
    """Return what is wrong with this machine, in plain words."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    needed = [*project["dependencies"], *FOR_TESTS, *(FOR_TRAINING if trains else ())]
    needed = [text for text in needed if Requirement(text).name not in NOT_NEEDED]
    wrong = [f"missing: {name}" for name in find_missing(needed, set())]
    if trains and not find_module("lightning_fabric"):
        wrong.append("missing: lightning-fabric")
    if find_module("torch"):
        import torch

        if device == "cuda" and not torch.cuda.is_available():
            wrong.append(f"PyTorch {torch.__version__} sees no CUDA device: --device cpu --small tries the script")
    return wrong


def find_module(name: str) -> bool:
    from importlib.util import find_spec

    return find_spec(name) is not None


def describe_machine(device: str) -> dict[str, object]:
    import torch

    told: dict[str, object] = {"python": platform.python_version(), "torch": torch.__version__, "device": device}
    told["cpus"] = os.cpu_count()
    if device == "cuda":
        _, total = torch.cuda.mem_get_info()
        told |= {"gpu": torch.cuda.get_device_name(), "cuda": torch.version.cuda, "memory_mb": total // 1_000_000}
    return told


def find_gpu_tests() -> list[str]:
    """Return the files with tests marked gpu: to collect all of them takes a minute."""
    paths = sorted((ROOT / "tests").rglob("test_*.py"))
    return [str(path) for path in paths if "pytest.mark.gpu" in path.read_text("utf-8")]


def plan_steps(args: argparse.Namespace, left_s: float) -> list[Step]:
    """Return the steps before training, in order of what is worth most."""
    benchmarks, device, small = str(ROOT / "benchmarks"), ["--device", args.device], args.small
    photos = ["--photos", "4", "--batch", "1", "2", "--threads", "1"] if small else []
    few = ["--clients", "4"] if small else []
    return [
        Step("tests", ["-m", "pytest", "-q", "-n", "0", "-m", "gpu", *find_gpu_tests()], 0.3 * left_s),
        Step("ask_speed", [f"{benchmarks}/ask_speed.py", *device, "--rounds", "1" if small else "20"], 0.4 * left_s),
        Step("throughput", [f"{benchmarks}/throughput.py", *device, *photos], 0.3 * left_s),
        Step("http_load", [f"{benchmarks}/http_load.py", *device, *few], 0.3 * left_s),
    ]


def plan_training(args: argparse.Namespace, left_s: float) -> Step:
    run = args.out / "run"
    precision = "bf16-mixed" if args.device == "cuda" else "32-true"
    # Loading the packs, validating and writing take time too.
    minutes = max(left_s - (5 if args.small else 60), 5) / 60
    command = ["-m", "faceql.server.cli", "train", args.recipe, "--data", str(args.data), "--run", str(run)]
    return Step("training", [*command, "--precision", precision, "--minutes", f"{minutes:.2f}"], left_s)


def run_step(step: Step, out: Path, environment: dict[str, str]) -> None:
    """Run a step, and write what it prints as it prints it."""
    started = time.monotonic()
    print(f"{step.name}: python {' '.join(step.command)}", flush=True)
    with (out / f"{step.name}.txt").open("w", encoding="utf-8") as file:
        process = subprocess.Popen(
            [sys.executable, *step.command], stdout=file, stderr=subprocess.STDOUT, env=environment, cwd=ROOT
        )
        try:
            step.status = process.wait(step.limit_s)
        except subprocess.TimeoutExpired:
            process.terminate()
            process.wait()
    step.seconds = round(time.monotonic() - started, 1)
    told = (out / f"{step.name}.txt").read_text("utf-8", errors="replace")
    print(told[-2000:], flush=True)
    done = "was stopped" if step.status is None else f"ended with status {step.status}"
    print(f"{step.name} {done} after {step.seconds:.0f} s", flush=True)


def gather(out: Path) -> None:
    """Bring what training leaves beside the other files; its state, which is large, stays."""
    for name in ("detector.safetensors", "log.csv"):
        if (out / "run" / name).is_file():
            (out / name).write_bytes((out / "run" / name).read_bytes())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(os.environ.get("OUT", "gpu-results")))
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--small", action="store_true", help="little of everything")
    parser.add_argument("--data", type=Path, help="a folder of face packs: train on them for the time that is left")
    parser.add_argument("--recipe", default="tiny", help="what to train, as for faceql train")
    args = parser.parse_args()
    started = time.monotonic()
    wrong = check_machine(args.device, args.data is not None)
    if wrong:
        print("this machine cannot run it:", *wrong, sep="\n  ", file=sys.stderr)
        return 2
    args.out = args.out.resolve()
    args.out.mkdir(parents=True, exist_ok=True)

    def left_s() -> float:
        return 60 * args.minutes - 10 - (time.monotonic() - started)

    with tempfile.TemporaryDirectory() as link:
        # The repository is the package, whatever its folder is called.
        (Path(link) / "faceql").symlink_to(ROOT, target_is_directory=True)
        path = os.pathsep.join(filter(None, [link, os.environ.get("PYTHONPATH")]))
        environment = os.environ | {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1", "FACEQL_GPU": args.device}
        steps = plan_steps(args, left_s())
        for step in steps:
            step.limit_s = max(1.0, min(step.limit_s, left_s()))
            run_step(step, args.out, environment)
        if args.data is None:
            print("no training: give --data for it")
        elif left_s() < LEAST_TRAINING_S:
            print("no time is left to train in")
        else:
            steps.append(plan_training(args, left_s()))
            run_step(steps[-1], args.out, environment)
            gather(args.out)
    summary = {
        "machine": describe_machine(args.device),
        "seconds": round(time.monotonic() - started, 1),
        "steps": [asdict(step) for step in steps],
    }
    (args.out / "summary.json").write_text(json.dumps(summary, indent=1) + "\n", "utf-8")
    failed = [step.name for step in steps if step.status != 0]
    print(f"results are in {args.out}; failed: {', '.join(failed) or 'nothing'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
