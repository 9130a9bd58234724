"""Counters for operators, in Prometheus' text format; they hold no photo, no coordinate and no instruction."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

REQUEST_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
BATCH_SIZES = (1, 2, 4, 8, 16, 32)
GAUGES = {
    "queue_depth": "Requests waiting for the engine.",
    "open_images": "Images open under a handle.",
    "open_image_bytes": "Memory held by open images.",
    "ready": "1 once the model is loaded.",
}


class Histogram:
    """Counts values below rising bounds."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count one value."""
        self.counts[next((i for i, bound in enumerate(self.bounds) if value <= bound), len(self.bounds))] += 1
        self.total += value

    def write(self, name: str) -> list[str]:
        """Return its lines of Prometheus text."""
        lines, below = [], 0
        for bound, count in zip((*map(str, self.bounds), "+Inf"), self.counts, strict=True):
            below += count
            lines.append(f'{name}_bucket{{le="{bound}"}} {below}')
        return [*lines, f"{name}_sum {self.total:.6g}", f"{name}_count {below}"]


class Metrics:
    """What the service counts; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._errors: Counter[str] = Counter()
        self._points = 0
        self._seconds = Histogram(REQUEST_SECONDS)
        self._batches = Histogram(tuple(map(float, BATCH_SIZES)))
        self._gauges: dict[str, Callable[[], int]] = {}

    def watch(self, **gauges: Callable[[], int]) -> None:
        """Read these numbers whenever the metrics are asked for; names of GAUGES."""
        self._gauges |= gauges

    def observe_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request over HTTP; `route` is the path's pattern, never the path."""
        with self._lock:
            self._requests[method, route, status] += 1
            self._seconds.observe(seconds)

    def observe_error(self, code: str) -> None:
        """Count an error by its code."""
        with self._lock:
            self._errors[code] += 1

    def observe_points(self, count: int) -> None:
        """Count points that were answered."""
        with self._lock:
            self._points += count

    def observe_batch(self, size: int) -> None:
        """Count a round of the engine by the requests it answered."""
        with self._lock:
            self._batches.observe(size)

    def write(self) -> str:
        """Return everything in Prometheus' text format, version 0.0.4."""
        with self._lock:
            lines = describe("requests_total", "counter", "Requests over HTTP.")
            lines += [
                f'faceql_requests_total{{method="{method}",route="{route}",status="{status}"}} {count}'
                for (method, route, status), count in sorted(self._requests.items())
            ]
            lines += describe("errors_total", "counter", "Errors by code.")
            lines += [f'faceql_errors_total{{code="{code}"}} {n}' for code, n in sorted(self._errors.items())]
            lines += [*describe("points_total", "counter", "Points answered."), f"faceql_points_total {self._points}"]
            lines += describe("request_seconds", "histogram", "Time from a request's head to its answer.")
            lines += self._seconds.write("faceql_request_seconds")
            lines += describe("batch_requests", "histogram", "Requests that were worked on in one round.")
            lines += self._batches.write("faceql_batch_requests")
        for name, read in self._gauges.items():
            lines += [*describe(name, "gauge", GAUGES[name]), f"faceql_{name} {read()}"]
        return "\n".join(lines) + "\n"


def describe(name: str, kind: str, text: str) -> list[str]:
    return [f"# HELP faceql_{name} {text}", f"# TYPE faceql_{name} {kind}"]
