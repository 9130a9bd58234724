"""faceql on Ray Serve: `serve run faceql.server.deploy.ray_serve:build_app`, or with serve.yaml, which lies beside it.

    client -> Ray's proxies -> Gate (no model) -> Replica (the app of `faceql serve`, one engine) -> Images

Each is a deployment whose number, processors and share of a GPU a file of Ray Serve's sets by name.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from ray import serve
from ray.serve.handle import DeploymentHandle
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount

from ..http_app import SHUTDOWN_SECONDS, build_http_app
from ..http_guards import LOOPBACK_HOSTS, BodyGuard
from ..limits import Limits
from ..serve_commands import check_origins, log_as_json, make_service, read_keys, read_names
from .gate import Gate, HttpAnswer, HttpRequest, call_app
from .shared_images import Images, SharedImages

AUTOSCALING = {"min_replicas": 1, "max_replicas": 8, "target_ongoing_requests": 4}


class ServeOptions(BaseModel):
    """What `faceql serve` takes as options, as `args` of the application."""

    model_config = ConfigDict(extra="forbid")

    device: str = "auto"
    weights: Path | None = None
    backend: Literal["torch", "onnxruntime", "openvino"] = "torch"
    precision: Literal["float32", "bfloat16"] = "float32"
    flip_test: bool = False
    doubtful_above: float | None = Field(default=None, gt=0)
    handle_minutes: float = Field(default=15.0, ge=0.1, le=1440)
    hosts: tuple[str, ...] = Field(default=LOOPBACK_HOSTS, description='names it goes by; "*" for any')
    origins: tuple[str, ...] = Field(default=(), description="other sites whose pages may ask")
    url_hosts: tuple[str, ...] = Field(default=(), description="hosts of which images are read by https")
    api_key_file: Path | None = Field(default=None, description="on every machine; else $FACEQL_API_KEYS of each")

    @property
    def limits(self) -> Limits:
        """Bounds of each replica; those on open images are of all replicas together."""
        return Limits(handle_seconds=self.handle_minutes * 60)


class Replica:
    """The deployment that answers: the service of `faceql serve` with its queue, and one engine.

    It is ready when its engine is.

    Args:
        options: How the service is set up.
        images: The deployment `Images`.

    Raises:
        ConfigError: An option is wrong.
        CheckpointError: The engine cannot be loaded.
    """

    def __init__(self, options: ServeOptions, images: DeploymentHandle) -> None:
        log_as_json()
        self._service, sources = make_service(
            (),
            options.url_hosts,
            device=options.device,
            weights=options.weights,
            # As many as Ray gives it processors: PyTorch reads OMP_NUM_THREADS, which Ray sets.
            threads=None,
            handle_minutes=options.handle_minutes,
            flip_test=options.flip_test,
            backend=options.backend,
            precision=options.precision,
            doubtful_above=options.doubtful_above,
            images=SharedImages(images, options.limits),
        )
        self._app = build_http_app(
            self._service,
            sources,
            api_keys=read_keys(options.api_key_file),
            hosts=read_names("hosts", options.hosts),
            origins=check_origins(options.origins),
        )
        self._service.wait_for_engine()

    async def answer(self, request: HttpRequest) -> HttpAnswer:
        """Return what the app answers."""
        return await call_app(self._app, request)

    def __del__(self) -> None:
        # Ray Serve calls it once no request is at work any more.
        self._service.close(SHUTDOWN_SECONDS)


def build_app(args: dict[str, Any]) -> serve.Application:
    """Return the application, for `serve run` and `serve deploy`.

    Args:
        args: As `ServeOptions` has them.

    Raises:
        pydantic.ValidationError: One is wrong, or there is no such option.
    """
    options = ServeOptions.model_validate(args)
    limits = options.limits
    images = serve.deployment(Images, num_replicas=1, max_ongoing_requests=1000, ray_actor_options={"num_cpus": 0})
    replicas = serve.deployment(
        Replica,
        autoscaling_config=AUTOSCALING,
        # What its queue takes for a batch, and as many that are read meanwhile.
        max_ongoing_requests=2 * limits.batch,
        max_queued_requests=limits.queued_asks,
        graceful_shutdown_timeout_s=SHUTDOWN_SECONDS + limits.deadline_seconds,
    )
    gate = serve.deployment(
        serve.ingress(make_gate_builder(limits))(),
        name="Gate",
        max_ongoing_requests=limits.requests,
        ray_actor_options={"num_cpus": 0},
    )
    return gate.bind(replicas.bind(options, images.bind(limits)))


def make_gate_builder(limits: Limits) -> Callable[[], Starlette]:
    """Return what makes the gate's app where the gate runs."""

    def build_gate() -> Starlette:
        gate = Gate(serve.get_deployment_handle("Replica"), limits)
        return Starlette(routes=[Mount("/", gate)], middleware=[Middleware(BodyGuard, limits=limits)])

    return build_gate
