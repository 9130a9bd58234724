"""`faceql serve` and `faceql mcp`."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar
from urllib.parse import urlsplit

import click

from ..errors import ConfigError, FaceQLError
from ..loading import pause_gc
from .shared_options import (
    WEIGHTS_HELP,
    Amount,
    WeightsPath,
    backend_option,
    doubtful_option,
    flip_test_option,
    precision_option,
)

if TYPE_CHECKING:
    from mcp.server import MCPServer
    from starlette.types import ASGIApp

    from ..engine import Backend, Engine, Precision
    from .image_sources import ImageSources
    from .image_store import ImageStore
    from .limits import Limits
    from .service import Service

logger = logging.getLogger("faceql.server")
KEYS_VARIABLE = "FACEQL_API_KEYS"
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
F = TypeVar("F", bound=Callable[..., Any])

_ENGINE_OPTIONS = (
    click.option("--device", default="auto", show_default=True, help='"auto", "cpu", "cuda", "cuda:1", ...'),
    click.option("--weights", type=WeightsPath(exists=True, path_type=Path), help=WEIGHTS_HELP),
    backend_option,
    precision_option,
    click.option("--threads", type=click.IntRange(1), help="CPU threads of the model; all by default."),
    flip_test_option,
    doubtful_option,
    click.option(
        "--allow-url-host",
        "url_hosts",
        multiple=True,
        metavar="HOST",
        help='Read images by https from this host; may be repeated, "*" is every public host. None by default.',
    ),
    click.option("--handle-minutes", type=Amount(0.1, 1440), default=15.0, show_default=True,
                 help="Life of an image handle."),
)  # fmt: skip
_NETWORK_OPTIONS = (
    click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at."),
    click.option(
        "--allow-host",
        "hosts",
        multiple=True,
        metavar="NAME",
        help='A name this server goes by, needed where --host is not loopback; "*" for any. May be repeated.',
    ),
    click.option(
        "--api-key-file", type=FILE, help=f"Ask for one of the keys in this file, one a line (or in ${KEYS_VARIABLE})."
    ),
)


def with_options(options: tuple[Callable[[F], F], ...]) -> Callable[[F], F]:
    """Return a decorator that gives a command these options."""

    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


@click.command("serve")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
@click.option(
    "--cors-origin",
    "origins",
    multiple=True,
    metavar="ORIGIN",
    help='Let pages of this site ask from the browser ("https://app.example.org"), or of any ("*"). May be repeated.',
)
@with_options(_NETWORK_OPTIONS)
@with_options(_ENGINE_OPTIONS)
def serve_command(
    port: int,
    origins: tuple[str, ...],
    host: str,
    hosts: tuple[str, ...],
    api_key_file: Path | None,
    url_hosts: tuple[str, ...],
    **engine_options: Any,
) -> None:
    """Serve HTTP: the API below /v1, and a playground page at /."""
    names, keys, sites = read_hosts(host, hosts), read_keys(api_key_file), check_origins(origins)
    # What takes a second to import comes after what may be refused at once.
    with open_socket(host, port) as opened:
        from .http_app import build_http_app

        service, sources = make_service((), url_hosts, **engine_options)
        app = build_http_app(service, sources, api_keys=keys, hosts=names, origins=sites)
        click.echo(
            f"faceql: listening at {write_url(host, opened)}/ (a page to try it; "
            f"API keys {'asked for' if keys else 'off'}; Ctrl+C stops it)",
            err=True,
        )
        run_uvicorn(app, opened, service.limits)
    end_process()


@click.command("mcp")
@click.option(
    "--transport", type=click.Choice(["stdio", "http"]), default="stdio", show_default=True,
    help="http is MCP's streamable HTTP, at /mcp.",
)  # fmt: skip
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="With --transport http.")
@click.option(
    "--root", "roots", type=FOLDER, multiple=True, help="Let images be read by path below this folder; may be repeated."
)
@with_options(_NETWORK_OPTIONS)
@with_options(_ENGINE_OPTIONS)
def mcp_command(
    transport: str,
    port: int,
    roots: tuple[Path, ...],
    host: str,
    hosts: tuple[str, ...],
    api_key_file: Path | None,
    url_hosts: tuple[str, ...],
    **engine_options: Any,
) -> None:
    """Serve agents by the Model Context Protocol."""

    def build() -> tuple[MCPServer, Service]:
        # The SDK builds hundreds of models when it is imported, and a client waits for its greeting.
        with pause_gc():
            from .mcp_server import build_mcp_server
        service, sources = make_service(roots, url_hosts, **engine_options)
        # A client that starts this process is on this machine; one on the network must not name its folders.
        return build_mcp_server(service, sources, honours_roots=transport == "stdio"), service

    if transport == "stdio":
        server, service = build()
        log_as_json()
        if sys.stdin.isatty():
            click.echo(
                "faceql: an MCP client talks to this command over standard input and output; docs/mcp.md says how to "
                "set one up. Ctrl+D stops it.",
                err=True,
            )
        with contextlib.suppress(KeyboardInterrupt):
            server.run("stdio")
        service.close()
        end_process()
    names, keys = read_hosts(host, hosts), read_keys(api_key_file)
    with open_socket(host, port) as opened:
        server, service = build()
        from .mcp_http import build_mcp_app

        app = build_mcp_app(server, service, api_keys=keys, hosts=names)
        click.echo(
            f"faceql: listening at {write_url(host, opened)}/mcp (MCP; API keys {'asked for' if keys else 'off'}; "
            "Ctrl+C stops it)",
            err=True,
        )
        try:
            run_uvicorn(app, opened, service.limits)
        finally:
            service.close(seconds=5.0)
    end_process()


def raise_interrupt(*_: object) -> NoReturn:
    """Take SIGTERM for Ctrl+C.

    Raises:
        KeyboardInterrupt: Always.
    """
    raise KeyboardInterrupt


def end_process() -> NoReturn:
    """End now: taking down all that torch has loaded costs a second of processor time, and serves nobody.

    The model may still be loading in its thread; nobody waits for that either.
    """
    from .decoders import POOL

    POOL.close()
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def make_service(
    roots: tuple[Path, ...],
    url_hosts: tuple[str, ...],
    *,
    device: str,
    weights: Path | None,
    threads: int | None,
    handle_minutes: float,
    flip_test: bool,
    backend: Backend = "torch",
    precision: Precision = "float32",
    doubtful_above: float | None = None,
    images: ImageStore | None = None,
) -> tuple[Service, ImageSources]:
    """Return the service and its image sources; nothing is loaded yet."""
    from .image_sources import ImageSources
    from .limits import Limits
    from .service import Service
    from .url_fetcher import UrlFetcher

    limits = Limits(handle_seconds=handle_minutes * 60)

    def load_engine() -> Engine:
        try:
            with pause_gc():
                import torch

                from ..engine import Engine

            if threads is not None:
                torch.set_num_threads(threads)
            return Engine(
                device,
                weights,
                max_pixels=limits.pixels,
                flip_test=flip_test,
                backend=backend,
                precision=precision,
                doubtful_above=doubtful_above,
            )
        except FaceQLError as error:
            logger.error("the model cannot be loaded: %s", error)
            raise
        except Exception:
            logger.exception("the model cannot be loaded")
            raise

    fetcher = UrlFetcher(
        read_names("--allow-url-host", url_hosts), max_bytes=limits.image_bytes, seconds=limits.url_seconds
    )
    return Service(load_engine, limits, images), ImageSources(limits, roots, fetcher)


def read_hosts(host: str, hosts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names a server goes by.

    Raises:
        ConfigError: It listens to the network and was given none, or one is no bare name.
    """
    from .http_guards import LOOPBACK_HOSTS

    if hosts:
        return read_names("--allow-host", hosts)
    if host not in LOOPBACK_HOSTS:
        raise ConfigError(f'--host {host} listens to the network: name the server with --allow-host NAME (or "*")')
    return LOOPBACK_HOSTS


def read_keys(path: Path | None) -> tuple[str, ...]:
    """Return the API keys of a file, or else of the environment; none where neither is given.

    Raises:
        ConfigError: The file cannot be read, or holds none: a server meant to be locked must not stand open.
    """
    if path is None:
        place, text = f"${KEYS_VARIABLE}", os.environ.get(KEYS_VARIABLE, "").replace(",", "\n ")
    else:
        try:
            place, text = f"{str(path)!r}", path.read_text("utf-8") or " "
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"the API keys in {str(path)!r} cannot be read as UTF-8 text") from error
    keys = tuple(line.strip() for line in text.splitlines() if line.strip())
    if text and not keys:
        raise ConfigError(f"there is no API key in {place}")
    return keys


def check_origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    """Return the sites whose pages may ask, as browsers name them.

    Raises:
        ConfigError: One is no origin.
    """
    for origin in origins:
        parts = urlsplit(origin)
        if origin != "*" and (f"{parts.scheme}://{parts.netloc}" != origin or parts.scheme not in ("http", "https")):
            raise ConfigError(f"--cors-origin takes an origin such as https://app.example.org, not {origin!r}")
    return origins


def read_names(option: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return host names that were given to an option.

    Raises:
        ConfigError: One is no bare name.
    """
    from .http_guards import read_host

    for name in names:
        if name != "*" and read_host(f"[{name}]" if name.count(":") > 1 else name) != name.lower():
            raise ConfigError(f"{option} takes a host's name alone, such as images.example.org, not {name!r}")
    return names


def open_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 takes a free one.

    Raises:
        ConfigError: Nobody may listen there, or somebody does already.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ConfigError(
                f"port {port} is in use at {host}: choose another with --port, or stop what listens there"
            ) from error
        reason = (error.strerror or str(error)).partition(" (while")[0]
        raise ConfigError(f"cannot listen at {host}, port {port}: {reason}") from error


def write_url(host: str, opened: socket.socket) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{opened.getsockname()[1]}"


def log_as_json() -> None:
    """Write all logs to the error stream, a line of JSON each; other libraries' from warnings up."""
    from .http_guards import JsonLines

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    # In place of whatever a library has put there.
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in ("faceql", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.INFO)


def allow_open_files(limits: Limits) -> None:
    """Let the process hold as many connections as the limits do, where the system allows it."""
    if sys.platform != "win32":
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        # As many again: half-open connections, photos on their way to decoders, what the libraries hold.
        wanted = 2 * limits.connections + 512
        if soft != resource.RLIM_INFINITY and soft < wanted:
            most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def run_uvicorn(app: ASGIApp, opened: socket.socket, limits: Limits) -> None:
    """Serve an app until it is told to stop; requests at work are answered first."""
    import uvicorn

    from .patient_protocol import PatientProtocol
    from .patient_websocket import PatientWebSocket

    log_as_json()
    allow_open_files(limits)
    PatientProtocol.head_seconds = limits.head_seconds
    PatientProtocol.reading_seconds = limits.upload_seconds
    PatientProtocol.max_connections = limits.connections
    PatientWebSocket.max_size = limits.image_bytes
    # uvicorn answers what is at work, then raises the signal again: having been told to stop is no failure.
    signal.signal(signal.SIGTERM, raise_interrupt)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            http=PatientProtocol,
            ws=PatientWebSocket,
            ws_max_size=limits.image_bytes,
            log_config=None,
            lifespan="on",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=30,
            h11_max_incomplete_event_size=32 * 1024,
        )
    )
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[opened])
