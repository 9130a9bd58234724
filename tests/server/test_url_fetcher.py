"""Images by URL: what server-side request forgery would try, a test each."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import datetime
import http.server
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from faceql.errors import ServiceError
from faceql.server.image_sources import FETCHERS, ImageSources
from faceql.server.limits import Limits
from faceql.server.url_fetcher import UrlFetcher, is_public

from .conftest import check_refused

LIMITS = Limits(image_bytes=200_000)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1",
        "240.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.2.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1",
        "fd12::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1",
        "2002:7f00:1::", "2002:a00:1::1", "64:ff9b::7f00:1", "64:ff9b::10.0.0.1",
        "2001:0:4136:e378:8000:63bf:80ff:fffe", "fec0::1", "64:ff9b:1::7f00:1", "::ffff:0:127.0.0.1",
        "192.0.0.8", "192.0.0.170", "192.88.99.1", "192.88.99.2", "::ffff:192.0.0.8", "64:ff9b::c058:6301",
        "2002:c000:8::", "2001:10::1", "2001:20::1", "3fff::1", "5f00::1", "100::1",
    ],
)  # fmt: skip
def test_private_addresses_are_private_in_every_form(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://images.example/a.png", "https://images.example:8443/a.png", "https://user:pw@images.example/a.png",
        "https://other.example/a.png", "https://images.example.evil.test/a.png", "https://images.example@evil.test/",
        "https://evil.test\\@images.example/", "https://images.example/a\r\nHost: evil", "https://images.example/ a",
        "https:///a.png", "https://", "file:///etc/passwd", "ftp://images.example/a", "gopher://images.example/",
        "https://[::1/a", "https://images.example:notaport/", "https://imagés.example/",
        "https://images.example/" + "a" * 2000,
    ],
)  # fmt: skip
def test_urls_off_the_rules_are_refused_before_any_look_up(url: str) -> None:
    def resolve(host: str, port: int) -> list[str]:
        raise AssertionError(f"looked up {host}")

    fetcher = UrlFetcher(["images.example"], max_bytes=1000, seconds=2, resolve=resolve)
    check_refused("image_source", fetcher.fetch, url)


def test_no_url_is_fetched_by_default() -> None:
    check_refused("image_source", anyio.run, ImageSources(LIMITS).read_url, "https://example.org/a.png")


def test_slow_sites_hold_no_other_work() -> None:
    """All fetchers wait for sites that do not answer; what needs no fetching goes on, and the last is told in time."""
    gate = threading.Event()
    fetcher = UrlFetcher(["*"], max_bytes=1000, seconds=20, resolve=lambda host, port: gate.wait(20) or [])
    sources = ImageSources(Limits(deadline_seconds=1.0), fetcher=fetcher)

    async def run() -> None:
        async with anyio.create_task_group() as tasks:
            for _ in range(FETCHERS + 1):
                tasks.start_soon(fetch)
            await asyncio.sleep(0.1)
            with anyio.fail_after(0.9):
                await asyncio.to_thread(time.monotonic)

    async def fetch() -> None:
        with pytest.raises(ServiceError) as caught:
            await sources.read_url("https://slow.example/a.png")
        assert caught.value.code == "deadline"

    try:
        anyio.run(run)
    finally:
        gate.set()


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::ffff:127.0.0.1"], [], ["bad"]])
def test_a_name_that_leads_inside_is_refused(addresses: list[str]) -> None:
    fetcher = UrlFetcher(["*"], max_bytes=1000, seconds=2, resolve=lambda host, port: addresses)
    with pytest.raises(ServiceError) as caught:
        fetcher.fetch("https://images.example/a.png")
    assert caught.value.code in ("image_source", "image_fetch")
    for literal in (
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://localhost/",
    ):
        with pytest.raises(ServiceError):
            UrlFetcher(["*"], max_bytes=1000, seconds=2).fetch(literal)


class Site(http.server.BaseHTTPRequestHandler):
    """A site with good and bad manners."""

    protocol_version = "HTTP/1.1"
    body = b"image bytes"

    def do_GET(self) -> None:
        kind = self.path.partition("?")[0]
        if kind.startswith("/redirect"):
            self.send_response(302)
            self.send_header("Location", base64.urlsafe_b64decode(self.path.partition("?")[2]).decode())
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(404 if kind == "/missing" else 200)
        if kind == "/gzip":
            self.send_header("Content-Encoding", "gzip")
        if kind in ("/chunked", "/endless"):
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            try:
                for _ in range(2 if kind == "/chunked" else 10_000):
                    self.wfile.write(b"6\r\nchunk \r\n")
                self.wfile.write(b"0\r\n\r\n")
            except OSError:
                self.close_connection = True
            return
        self.send_header("Content-Length", str(len(self.body) + (5 if kind == "/short" else 0)))
        self.end_headers()
        if kind == "/drip":
            for byte in self.body:
                time.sleep(0.4)
                try:
                    self.wfile.write(bytes([byte]))
                except OSError:
                    break
        else:
            self.wfile.write(self.body)
        self.close_connection = True

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "images.example")])
    now = datetime.datetime.now(datetime.UTC)
    cert = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("images.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = tmp_path_factory.mktemp("tls") / "site.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + cert.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture(scope="module")
def site(certificate: Path) -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


def make_fetcher(site: int, certificate: Path, **options) -> UrlFetcher:
    """A fetcher for which 127.0.0.1, and nothing else that is private, counts as public."""
    context = ssl.create_default_context(cafile=str(certificate))
    settings = {
        "allowed_hosts": ["images.example"],
        "max_bytes": 1000,
        "seconds": 5,
        "resolve": lambda host, port: ["127.0.0.1"],
        "permits": lambda address: str(address) == "127.0.0.1" or is_public(address),
    }
    return UrlFetcher(**settings | options, port=site, context=context)


def redirect(target: str) -> str:
    return "https://images.example/redirect?" + base64.urlsafe_b64encode(target.encode()).decode()


def test_an_allowed_image_is_fetched(site: int, certificate: Path) -> None:
    fetch = make_fetcher(site, certificate).fetch
    assert fetch("https://images.example/a.png") == Site.body
    assert fetch("https://images.example/chunked") == b"chunk chunk "
    assert fetch(redirect("/a.png")) == Site.body
    assert fetch(redirect(redirect("https://images.example/a.png"))) == Site.body


def test_redirects_are_checked_like_the_first_url(site: int, certificate: Path) -> None:
    fetch = make_fetcher(site, certificate).fetch
    for target in ("http://images.example/a.png", "https://evil.test/a.png", "file:///etc/passwd", "//evil.test/a",
                   "https://images.example:22/"):  # fmt: skip
        check_refused("image_source", fetch, redirect(target))
    endless = redirect(redirect(redirect(redirect("/a.png"))))
    check_refused("image_fetch", fetch, endless)
    inside = make_fetcher(
        site, certificate, allowed_hosts=["*"],
        resolve=lambda host, port: ["127.0.0.1" if host == "images.example" else "10.0.0.5"],
    )  # fmt: skip
    check_refused("image_source", inside.fetch, redirect("https://internal.example/a.png"))


def test_dns_rebinding_gains_nothing(site: int, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is looked up once, and the connection goes to the very address that was checked."""
    looked_up: list[str] = []
    connected: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        looked_up.append(host)
        return ["127.0.0.1"] if len(looked_up) == 1 else ["10.0.0.5"]

    create = socket.create_connection

    def connect(address, *args, **kwargs):
        connected.append(address[0])
        return create(address, *args, **kwargs)

    monkeypatch.setattr(socket, "create_connection", connect)
    assert make_fetcher(site, certificate, resolve=resolve).fetch("https://images.example/a.png") == Site.body
    assert looked_up == ["images.example"]
    assert connected == ["127.0.0.1"]


def test_the_certificate_must_be_the_names(site: int, certificate: Path) -> None:
    fetcher = make_fetcher(site, certificate, allowed_hosts=["other.example"])
    check_refused("image_fetch", fetcher.fetch, "https://other.example/a.png")


@pytest.mark.parametrize(
    ("path", "code"),
    [("endless", "too_large"), ("short", "image_fetch"), ("missing", "image_fetch"), ("gzip", "image_fetch")],
)
def test_sites_that_misbehave(site: int, certificate: Path, path: str, code: str) -> None:
    check_refused(code, make_fetcher(site, certificate).fetch, f"https://images.example/{path}")


def test_a_site_that_trickles_is_left_in_time(site: int, certificate: Path) -> None:
    started = time.monotonic()
    check_refused("image_fetch", make_fetcher(site, certificate, seconds=1).fetch, "https://images.example/drip")
    assert time.monotonic() - started < 3


def test_a_site_that_trickles_its_greeting_is_left_in_time(certificate: Path) -> None:
    """TLS, whose handshake may go on for ever: each byte that comes begins a socket's own timeout anew."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def trickle() -> None:
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                connection.sendall(b"\x16\x03\x03\x40\x00")  # the head of a record of 16 KiB
                while True:
                    connection.sendall(b"\x02")
                    time.sleep(0.1)

        thread = threading.Thread(target=trickle, daemon=True)
        thread.start()
        started = time.monotonic()
        port = listener.getsockname()[1]
        check_refused("image_fetch", make_fetcher(port, certificate, seconds=1).fetch, "https://images.example/a.png")
        assert time.monotonic() - started < 3
        thread.join(5)
