"""The HTTP service: the routes over one service object."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Annotated, Any, TypeVar

from fastapi import FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse, PlainTextResponse

from .. import __version__
from ..engine.ask_settings import AskSettings
from ..errors import FaceQLError, InvalidRequestError, QueryError, ServiceError
from ..querylang import query as language
from . import http_docs as docs
from .accept import choose_media
from .answers import ImageAnswer, LayoutAnswer, ParseAnswer, PartAnswer, SurfaceAnswer, describe_image, describe_query
from .ask_queue import Asked
from .batches import Batches
from .error_kinds import error_code, phrase_validation
from .http_answers import (
    PHOTO_FORMS,
    choose_answer_form,
    choose_drawing_form,
    draw_answer,
    show_photo,
    write_answers,
)
from .http_batches import add_batch_routes
from .http_guards import (
    CLIENT_CLOSED_REQUEST,
    LOOPBACK_HOSTS,
    BodyGuard,
    CrowdGuard,
    HeadAsGet,
    HostGuard,
    KeyGuard,
    RequestLog,
    check_keys,
)
from .http_packing import PackAnswers
from .http_regions import add_region_routes
from .http_requests import (
    AskOptions,
    AskRequest,
    DrawOptions,
    DrawRequest,
    FaceOptions,
    ImageReference,
    OpenRequest,
    ParseRequest,
    PhotoOptions,
    read_model,
    read_photo_request,
    refuse_query,
)
from .http_track import add_track_route
from .image_sources import ImageSources
from .intents import hint_at_intent
from .javascript_client import write_javascript_client
from .problems import problem_response
from .service import Service

SHUTDOWN_SECONDS = 20.0
MAX_SIDE = "longer side of the picture at most, pixels"
PLAYGROUND_FILES = {
    **dict.fromkeys(
        (
            "camera.js",
            "docs.js",
            "drawing.js",
            "hand_box.js",
            "live.js",
            "makeup.js",
            "page.js",
            "pane.js",
            "playground.js",
            "problems.js",
            "result.js",
            "service.js",
            "snippets.js",
            "take_along.js",
            "view.js",
        ),
        "text/javascript",
    ),
    "playground.css": "text/css",
    "sample.jpg": "image/jpeg",
}
PLAYGROUND_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "media-src 'self' blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
T = TypeVar("T")


def build_http_app(
    service: Service,
    sources: ImageSources,
    *,
    api_keys: Sequence[str] = (),
    hosts: Iterable[str] = LOOPBACK_HOSTS,
    origins: Sequence[str] = (),
) -> FastAPI:
    """Return the HTTP service.

    Args:
        service: Answers; it is closed with the app.
        sources: Reads the images that requests name.
        api_keys: If there are any, every request but the page and the health checks brings one.
        hosts: The names this server goes by, without port; "*" for any.
        origins: Other sites whose pages may ask ("https://app.example.org"), by CORS; "*" for all.

    Raises:
        ConfigError: A key is too short.
    """
    # Here, not only in the guard: that is built when the first message comes.
    check_keys(api_keys)
    hosts = tuple(hosts)

    batches = Batches(service.limits)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        service.start_loading()
        yield
        batches.close()
        await asyncio.to_thread(service.close, SHUTDOWN_SECONDS)

    app = FastAPI(
        title="faceql",
        version=__version__,
        description=docs.DESCRIPTION,
        lifespan=lifespan,
        # The interactive pages load scripts from elsewhere; the playground at / does not.
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
        middleware=[
            Middleware(RequestLog, metrics=service.metrics),
            Middleware(HeadAsGet),
            Middleware(PackAnswers, minimum_size=1024, compresslevel=5),
            Middleware(HostGuard, hosts=hosts, origins=tuple(origins)),
            *allow_origins(origins),
            Middleware(KeyGuard, keys=tuple(api_keys)),
            Middleware(CrowdGuard, limits=service.limits),
            Middleware(BodyGuard, limits=service.limits),
        ],
        exception_handlers={
            FaceQLError: tell_problem,
            HTTPException: tell_http_exception,
            RequestValidationError: tell_validation_error,
            ClientGoneError: tell_nobody,
        },
    )
    app.state.service = service
    app.state.sources = sources
    add_landmark_routes(app, service, sources, batches)
    add_track_route(app, service, api_keys=api_keys, hosts=hosts, origins=origins)
    add_status_routes(app, service)
    add_playground(app)
    docs.describe_security(app, is_locked=bool(api_keys))
    return app


def allow_origins(origins: Sequence[str]) -> list[Middleware]:
    """Return what lets pages of other sites ask, by CORS; nothing where there are none."""
    if not origins:
        return []
    cors = Middleware(
        CORSMiddleware,
        allow_origins=list(origins),
        allow_methods=["GET", "HEAD", "POST", "DELETE"],
        allow_headers=["Content-Type", "Authorization", "X-Api-Key", "X-Request-Id"],
        expose_headers=["Location", "Retry-After", "X-Request-Id", "RateLimit", "RateLimit-Policy"],
    )
    return [cors]


def add_landmark_routes(app: FastAPI, service: Service, sources: ImageSources, batches: Batches) -> None:
    """Mount what answers about photos and instructions."""

    async def ask(
        image: ImageReference | bytes, options: PhotoOptions, queries: tuple[language.Query, ...] = ()
    ) -> tuple[Asked, str | None]:
        ends = service.find_end(None if options.deadline_ms is None else options.deadline_ms / 1000)
        # Before the image: a mistake in the text should cost nothing.
        if isinstance(options, AskOptions):
            queries = await asyncio.to_thread(service.parse_all, options.texts, options.settings, ends=ends)
        photo, handle = await read_image(image, service, sources)
        seconds = max(0.0, ends - time.monotonic())
        asked = await service.ask_async(photo, queries, options.settings, seconds=seconds)
        service.metrics.observe_points(sum(map(len, asked.answers)))
        return asked, handle

    async def ask_queries(
        request: Request, image: ImageReference | bytes, options: FaceOptions, queries: tuple[language.Query, ...]
    ) -> Asked:
        asked, _ = await give_up_with_client(request, ask(image, options, queries))
        return asked

    @app.post("/v1/ask", **docs.ASK)
    async def ask_landmarks(request: Request) -> Response:
        """Locate the landmarks that one or several instructions ask for."""
        image, options = await read_photo_request(request, AskRequest, AskOptions)
        request.state.texts = options.texts
        form = choose_answer_form(request.headers.get("accept"), options)
        asked, handle = await give_up_with_client(request, ask(image, options))
        return await asyncio.to_thread(write_answers, asked, options, form, handle=handle, limit=service.limits.points)

    @app.post("/v1/draw", **docs.DRAW)
    async def draw_landmarks(request: Request) -> Response:
        """Answer an instruction and draw it: the photo as PNG or JPEG, or the overlay alone as SVG."""
        image, options = await read_photo_request(request, DrawRequest, DrawOptions)
        form = choose_drawing_form(request.headers.get("accept"), options)
        asked, _ = await give_up_with_client(request, ask(image, options))
        return await asyncio.to_thread(draw_answer, asked.answers[0], options, form)

    add_region_routes(app, service, ask_queries)
    add_batch_routes(app, service, batches, ask)

    @app.post("/v1/images", status_code=201, **docs.OPEN)
    async def open_image(request: Request, response: Response) -> ImageAnswer:
        """Open an image: later asks by its handle cost only the decoding."""
        image, options = await read_photo_request(request, OpenRequest, PhotoOptions)
        asked, _ = await give_up_with_client(request, ask(image, options))
        opened = await asyncio.to_thread(service.keep, asked.image)
        response.headers["Location"] = f"/v1/images/{opened.handle}"
        return describe_image(opened, service.images.seconds_left(opened))

    @app.get("/v1/images/{handle}", **docs.HANDLE)
    async def describe_open_image(handle: str) -> ImageAnswer:
        """Tell an open image's faces and how long it will be kept."""
        opened = await asyncio.to_thread(service.images.get, handle)
        return describe_image(opened, service.images.seconds_left(opened))

    @app.get("/v1/images/{handle}/photo", **docs.PHOTO)
    async def show_open_image(
        request: Request, handle: str, max_side: Annotated[int, Query(ge=16, le=4096, description=MAX_SIDE)] = 4096
    ) -> Response:
        """Give back an open image upright, as PNG or JPEG: for those who cannot show HEIC or TIFF."""
        form = choose_media(request.headers.get("accept"), PHOTO_FORMS)
        opened = await asyncio.to_thread(service.images.get, handle)
        return await asyncio.to_thread(show_photo, opened.encoded.photo, form, max_side)

    @app.delete("/v1/images/{handle}", status_code=204, **docs.HANDLE)
    async def close_image(handle: str) -> Response:
        """Forget an image now."""
        await asyncio.to_thread(service.images.remove, handle)
        return Response(status_code=204)

    @app.post("/v1/parse", **docs.PARSE)
    async def parse_instruction(request: Request) -> ParseAnswer:
        """Tell what an instruction means, without a photo."""
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type != "application/json":
            raise ServiceError("media_type", "send application/json")
        refuse_query(request)
        asked = read_model(ParseRequest, await request.body())
        settings = AskSettings(perspective=asked.perspective, ids_from=asked.ids_from)
        query = await asyncio.to_thread(service.parse, asked.instruction, settings)
        return await asyncio.to_thread(describe_query, query, asked.detail)

    @app.get("/v1/parts", **docs.PLAIN)
    async def list_parts() -> list[PartAnswer]:
        """List every face part."""
        return service.list_parts().parts

    @app.get("/v1/surfaces", **docs.PLAIN)
    async def list_surfaces() -> list[SurfaceAnswer]:
        """List every surface of the face."""
        return service.list_parts().surfaces

    @app.get("/v1/layouts", **docs.PLAIN)
    async def list_layouts() -> list[LayoutAnswer]:
        """List every layout."""
        return service.list_parts().layouts


def add_status_routes(app: FastAPI, service: Service) -> None:
    """Mount what operators and orchestrators ask."""

    @app.get("/healthz", **docs.STATUS)
    async def tell_health() -> dict[str, str]:
        """The process is alive."""
        return {"status": "ok"}

    @app.get("/readyz", **docs.READY)
    async def tell_readiness() -> dict[str, str]:
        """The model is loaded, and requests are taken."""
        service.check_ready()
        return {"status": "ready"}

    @app.get("/metrics", response_class=PlainTextResponse, **docs.PLAIN)
    async def tell_metrics() -> PlainTextResponse:
        """Counters in Prometheus' text format."""
        return PlainTextResponse(service.metrics.write(), media_type="text/plain; version=0.0.4")


def add_playground(app: FastAPI) -> None:
    """Mount the pages at / and /docs with their files, and the JavaScript client."""
    folder = files(__package__).joinpath("playground")
    headers = {"Content-Security-Policy": PLAYGROUND_POLICY, "X-Frame-Options": "DENY"}

    @app.get("/", include_in_schema=False)
    async def show_playground() -> Response:
        return Response(folder.joinpath("index.html").read_bytes(), headers=headers, media_type="text/html")

    @app.get("/docs", include_in_schema=False)
    async def show_docs() -> Response:
        return Response(folder.joinpath("docs.html").read_bytes(), headers=headers, media_type="text/html")

    @app.get("/client.js", include_in_schema=False)
    async def give_javascript_client() -> Response:
        return Response(write_javascript_client(app.openapi()), headers=headers, media_type="text/javascript")

    @app.get("/playground/{name}", include_in_schema=False)
    async def give_playground_file(name: str) -> Response:
        if name not in PLAYGROUND_FILES:
            raise HTTPException(404)
        return Response(folder.joinpath(name).read_bytes(), headers=headers, media_type=PLAYGROUND_FILES[name])


async def read_image(image: ImageReference | bytes, service: Service, sources: ImageSources) -> tuple[Any, str | None]:
    """Return what the service takes for a photo, and its handle if it is one.

    Raises:
        ServiceError: It may not be read, or is too large, or the handle has ended.
    """
    if isinstance(image, bytes):
        return sources.check_size(image), None
    if image.handle is not None:
        # In a thread: the images of several replicas lie in another process.
        return (await asyncio.to_thread(service.images.get, image.handle)).encoded, image.handle
    if image.base64 is not None:
        return await asyncio.to_thread(sources.read_base64, image.base64), None
    return await sources.read_url(image.url or ""), None


class ClientGoneError(Exception):
    """The client hung up before its answer was ready."""


async def give_up_with_client(request: Request, work: Awaitable[T]) -> T:
    """Return what the work gives, or give it up as soon as the client hangs up.

    Raises:
        ClientGoneError: It did.
    """
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(wait_for_disconnect(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ClientGoneError
    finally:
        task.cancel()
        gone.cancel()


async def wait_for_disconnect(request: Request) -> None:
    # The body has been read: what comes next is the end.
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def tell_problem(request: Request, error: Exception) -> Response:
    """Answer an error that was raised on purpose."""
    assert isinstance(error, FaceQLError)
    request.app.state.service.metrics.observe_error(error_code(error))
    texts = getattr(request.state, "texts", None)
    # The places it passed would hold the request's photo until the garbage is next collected.
    error.__traceback__ = None
    index = texts.index(error.text) if isinstance(error, QueryError) and texts and error.text in texts else None
    return problem_response(
        error,
        instruction_index=index if texts and len(texts) > 1 else None,
        hint=hint_at_intent(error.text, "http", asked=f"{request.method} {request.url.path}")
        if isinstance(error, QueryError)
        else None,
    )


async def tell_http_exception(request: Request, error: Exception) -> Response:
    """Answer a path that is not there, or a method that is not served there."""
    assert isinstance(error, HTTPException)
    told = phrase_http_exception(error, request.method)
    request.app.state.service.metrics.observe_error(told.code)
    return problem_response(told, headers=error.headers)


def phrase_http_exception(error: HTTPException, method: str) -> ServiceError:
    """Return what the framework refused, as this service tells it."""
    if error.status_code == 404:
        return ServiceError("not_found", "there is nothing at this path; /docs lists what is served")
    if error.status_code == 405:
        served = (error.headers or {}).get("Allow", "another method")
        return ServiceError("method", f"{served} is served here, not {method[:20]}")
    return ServiceError("malformed", "the request cannot be read")


async def tell_validation_error(request: Request, error: Exception) -> Response:
    """Answer a path or query that FastAPI refused."""
    assert isinstance(error, RequestValidationError)
    found = [{"loc": [str(step) for step in item["loc"]], "msg": phrase_validation(item)} for item in error.errors()]
    return await tell_problem(request, InvalidRequestError(found))


async def tell_nobody(request: Request, error: Exception) -> Response:
    return JSONResponse(None, CLIENT_CLOSED_REQUEST)
