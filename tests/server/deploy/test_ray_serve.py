"""The service on Ray Serve: the answers of one engine, and none lost when a replica is killed under load."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("ray")

import yaml
from starlette.testclient import TestClient

from faceql.server.http_app import build_http_app
from faceql.server.serve_commands import make_service

pytestmark = [pytest.mark.ray, pytest.mark.filterwarnings("ignore")]
ASKS, CLIENTS, DIED = int(os.environ.get("FACEQL_RAY_ASKS", "120")), 6, "a replica died over a request"
TEXT = "the 300W layout"
MakePhoto = Callable[[int], bytes]


@dataclass
class Site:
    """A service that runs: its port, and what it writes."""

    port: int
    log: Path

    def send(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> tuple[int, bytes]:
        """Return status and body of the answer to one request over a connection of its own: no try but this."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, path, body, {"Content-Type": kind} if kind else {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def ask(self, photo: bytes) -> tuple[int, bytes]:
        return self.send("POST", "/v1/ask", *write_form(photo))


def write_form(photo: bytes, *, instruction: str | None = TEXT) -> tuple[bytes, str]:
    edge = secrets.token_hex(8)
    field = f'--{edge}\r\nContent-Disposition: form-data; name="instruction"\r\n\r\n{instruction}\r\n'
    head = f'--{edge}\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n'.encode()
    return (
        field.encode() if instruction else b""
    ) + head + photo + f"\r\n--{edge}--\r\n".encode(), f"multipart/form-data; boundary={edge}"


@pytest.fixture(scope="module")
def site(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Two replicas, as a file for `serve run` has them."""
    folder = tmp_path_factory.mktemp("site")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    deployments = [
        {"name": "Gate", "ray_actor_options": {"num_cpus": 0}},
        {"name": "Replica", "num_replicas": 2, "autoscaling_config": None, "ray_actor_options": {"num_cpus": 1}},
    ]
    application = {
        "name": "faceql",
        "route_prefix": "/",
        "import_path": "faceql.server.deploy.ray_serve:build_app",
        "args": {"device": "cpu"},
        "deployments": deployments,
    }
    config = {"http_options": {"host": "127.0.0.1", "port": port}, "applications": [application]}
    (folder / "serve.yaml").write_text(yaml.safe_dump(config))
    site = Site(port, folder / "log")
    with site.log.open("wb") as log:
        process = subprocess.Popen(
            [Path(sys.executable).with_name("serve"), "run", folder / "serve.yaml"],
            env=os.environ | {"RAY_ADDRESS": cluster},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    wait_until(lambda: is_up(site))
    yield site
    process.send_signal(signal.SIGINT)
    process.wait(60)


def is_up(site: Site) -> bool:
    try:
        return site.send("GET", "/readyz")[0] == 200 and len(find_replicas()) == 2
    except OSError:
        return False


def wait_until(is_so, seconds: float = 240.0) -> None:
    ends = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < ends
        time.sleep(0.5)


def find_replicas() -> dict[str, int]:
    """Return name and process of each replica that lives."""
    import ray

    found = {}
    for actor in ray.util.list_named_actors(all_namespaces=True):
        if "#Replica#" in actor["name"]:
            # One may have died since.
            with suppress(ray.exceptions.RayError, ValueError):
                handle = ray.get_actor(actor["name"], actor["namespace"])
                found[actor["name"]] = ray.get(handle.__ray_call__.remote(lambda self: os.getpid()))
    return found


@pytest.fixture(scope="module")
def lone() -> Iterator[TestClient]:
    """The service of `faceql serve`, one engine."""
    service, sources = make_service((), (), device="cpu", weights=None, threads=1, handle_minutes=15, flip_test=False)
    with TestClient(build_http_app(service, sources, hosts=["testserver"])) as client:
        service.wait_for_engine()
        yield client


def test_a_replica_is_killed_under_load_and_no_request_is_lost(
    site: Site, lone: TestClient, make_photo: MakePhoto
) -> None:
    # Lost is: another status than 200, or a connection that breaks.  Nobody tries again but the gate.
    photos = [make_photo(index) for index in range(ASKS)]
    wanted = []
    for photo in photos:
        body, kind = write_form(photo)
        wanted.append(lone.post("/v1/ask", content=body, headers={"Content-Type": kind}).content)
    before = find_replicas()
    victim = next(iter(before.values()))
    answered = threading.Semaphore(0)

    def ask(photo: bytes) -> tuple[int, bytes]:
        try:
            return site.ask(photo)
        except OSError as error:
            return 0, repr(error).encode()
        finally:
            answered.release()

    with ThreadPoolExecutor(CLIENTS) as clients:
        waiting = [clients.submit(ask, photo) for photo in photos]
        for _ in range(ASKS // 4):
            answered.acquire()
        os.kill(victim, signal.SIGKILL)
        got = [one.result() for one in waiting]
    assert Counter(status for status, _ in got) == {200: ASKS}
    assert [body for _, body in got] == wanted
    # It was at work when it died.
    wait_until(lambda: DIED in site.log.read_text())
    # And another has taken its place.
    wait_until(lambda: len(now := find_replicas()) == 2 and victim not in now.values())


def test_the_file_to_begin_with_is_one_that_ray_takes() -> None:
    from ray.serve.schema import ServeDeploySchema

    from faceql.server.deploy import ray_serve

    text = Path(ray_serve.__file__).with_name("serve.yaml").read_text("utf-8")
    (application,) = ServeDeploySchema.model_validate(yaml.safe_load(text)).applications
    assert application.import_path == f"{ray_serve.__name__}:{ray_serve.build_app.__name__}"
    assert {one.name for one in application.deployments} == {"Gate", "Replica", "Images"}
    ray_serve.build_app(application.args)
    with pytest.raises(ValueError, match="colour"):
        ray_serve.build_app({"colour": "red"})


def test_a_request_that_brings_replicas_down_is_refused_in_the_end() -> None:
    from ray.exceptions import ActorDiedError

    from faceql.server.deploy.gate import MOST_TRIES, Gate
    from faceql.server.limits import Limits

    class Dying:
        """Stands for a deployment whose replicas all die."""

        tries = 0

        @property
        def answer(self) -> Dying:
            return self

        async def remote(self, request: object) -> None:
            self.tries += 1
            raise ActorDiedError

    replicas = Dying()
    answer = TestClient(Gate(replicas, Limits())).get("/v1/parts")
    assert (answer.status_code, answer.json()["code"], replicas.tries) == (500, "internal", MOST_TRIES)


def test_a_handle_outlives_the_replica_that_gave_it_until_it_is_closed(
    site: Site, lone: TestClient, make_photo: MakePhoto
) -> None:
    photo = make_photo(0)
    wanted = lone.post("/v1/ask", files={"image": photo}, data={"instruction": TEXT}).json()["answers"][0]
    status, body = site.send("POST", "/v1/images", *write_form(photo, instruction=None))
    assert status == 201
    handle = json.loads(body)["handle"]
    asked = json.dumps({"image": {"handle": handle}, "instruction": TEXT}).encode()
    before = find_replicas()
    for process in before.values():
        os.kill(process, signal.SIGKILL)
    wait_until(lambda: len(now := find_replicas()) == 2 and not set(now) & set(before))
    for _ in range(8):
        status, body = site.send("POST", "/v1/ask", asked, "application/json")
        assert status == 200
        assert json.loads(body)["answers"][0]["points"] == wanted["points"]
    assert site.send("DELETE", f"/v1/images/{handle}")[0] == 204
    assert {site.send("GET", f"/v1/images/{handle}")[0] for _ in range(8)} == {404}


def test_a_batch_is_found_whichever_replica_works_on_it(site: Site, make_photo: MakePhoto) -> None:
    status, body = site.send("POST", "/v1/batches", *write_form(make_photo(0)))
    assert status == 202
    place = f"/v1/batches/{json.loads(body)['batch']}"
    wait_until(lambda: json.loads(site.send("GET", place)[1])["state"] == "done")
    results = [site.send("GET", f"{place}/results") for _ in range(8)]
    assert {status for status, _ in results} == {200}
    assert {len(body.splitlines()) for _, body in results} == {1}
    assert site.send("DELETE", place)[0] == 204
    assert site.send("GET", place)[0] == 404
