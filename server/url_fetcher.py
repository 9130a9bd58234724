"""Fetching an image by https, only from hosts the operator named, and never from inside the network."""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import urljoin, urlsplit

from ..errors import ServiceError

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
ANY_HOST = "*"
MAX_REDIRECTS = 3
MAX_URL_LENGTH = 2000
CHUNK = 64 * 1024
HEADERS = {"Accept": "image/*", "Accept-Encoding": "identity", "Connection": "close", "User-Agent": "faceql"}
# Special-purpose blocks (IANA) that Python takes for global: protocol assignments, and 6to4's given-up relays.
_NOT_PUBLIC = tuple(
    map(
        ipaddress.ip_network,
        ("192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23", "3fff::/20",
         "5f00::/16"),
    )
)  # fmt: skip
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_public(address: IPAddress) -> bool:
    """Return whether an address lies in the public internet, whatever form an IPv4 address is wrapped in."""
    if isinstance(address, ipaddress.IPv6Address):
        # Site-local addresses are given up, and still routed inside some networks; Python calls them global.
        if address.scope_id is not None or address.is_site_local:
            return False
        # The last four bytes carry the address in the forms that begin with zeros (compatible, translated) too.
        inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if address in _NAT64 or address.packed[:8] == bytes(8):
            inner.append(ipaddress.IPv4Address(address.packed[-4:]))
        if not all(is_public(wrapped) for wrapped in inner if wrapped is not None):
            return False
    if any(address.version == block.version and address in block for block in _NOT_PUBLIC):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def resolve_host(host: str, port: int) -> list[str]:
    """Return the addresses of a host name, as the system resolves it."""
    return [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class UrlFetcher:
    """Fetches images from allowed hosts.

    The name is resolved once, every address is checked, and the connection goes to a checked address while the
    certificate is checked against the name: a name that resolves to something else the second time (DNS rebinding)
    gains nothing. Every redirect passes through the same checks. Environment proxies are not used.

    Args:
        allowed_hosts: Host names, or "*" for every public one; empty allows none.
        max_bytes: A larger image is refused.
        seconds: For the whole fetch, redirects included.
        resolve: Gives a name's addresses.
        permits: Says whether an address may be spoken to.
        port: The only port that is spoken to.
        context: What certificates are checked with.
    """

    def __init__(
        self,
        allowed_hosts: Iterable[str],
        *,
        max_bytes: int,
        seconds: float,
        resolve: Callable[[str, int], list[str]] = resolve_host,
        permits: Callable[[IPAddress], bool] = is_public,
        port: int = 443,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.allowed_hosts = frozenset(host.lower().rstrip(".") for host in allowed_hosts)
        self._max_bytes = max_bytes
        self._seconds = seconds
        self._resolve = resolve
        self._permits = permits
        self._port = port
        self._context = context

    def fetch(self, url: str) -> bytes:
        """Return the bytes an https URL names.

        Raises:
            ServiceError: The URL may not be fetched ("image_source"), it could not be ("image_fetch"), or it is
                too large ("too_large").
        """
        ends = time.monotonic() + self._seconds
        for _ in range(MAX_REDIRECTS + 1):
            body, location = self._fetch_once(url, ends)
            if location is None:
                return body
            url = urljoin(url, location)
        raise ServiceError("image_fetch", f"the URL was redirected more than {MAX_REDIRECTS} times")

    def _fetch_once(self, url: str, ends: float) -> tuple[bytes, str | None]:
        """Return the body, or an empty one and where the server points on to."""
        host, target = self._read_url(url)
        addresses = self._check_addresses(host)
        try:
            with contextlib.closing(self._connect(host, addresses, ends)) as connection, hang_up_at(ends, connection):
                connection.request("GET", target, headers=HEADERS)
                response = connection.getresponse()
                if response.status in (301, 302, 303, 307, 308):
                    location = response.getheader("Location")
                    if not location:
                        raise ServiceError("image_fetch", "the server redirects to nowhere")
                    return b"", location
                if response.status != 200:
                    raise ServiceError("image_fetch", f"the server answered {response.status}, not 200")
                if response.getheader("Content-Encoding", "identity").lower() != "identity":
                    raise ServiceError("image_fetch", "the server sent a compressed body that was not asked for")
                return self._read_body(response), None
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            # What exactly failed could tell an outsider about the network, so it is not passed on.
            raise ServiceError("image_fetch", f"{host} could not be read by https ({type(error).__name__})") from error

    def _read_url(self, url: str) -> tuple[str, str]:
        """Return the host and the request target of a URL that passes the rules.

        Raises:
            ServiceError: It does not ("image_source").
        """
        if not self.allowed_hosts:
            raise ServiceError(
                "image_source", "images by URL are not allowed here; the operator allows a host with --allow-url-host"
            )
        try:
            # Control characters and spaces are how header tricks begin; urlsplit would drop some of them silently.
            if len(url) > MAX_URL_LENGTH or any(ord(char) <= 32 or ord(char) >= 127 for char in url):
                raise ValueError("characters")
            parts = urlsplit(url)
            host, port = (parts.hostname or "").rstrip("."), parts.port
            has_user = parts.username is not None or parts.password is not None
        except ValueError:
            raise ServiceError("image_source", "the URL is not a plain https URL of printable ASCII") from None
        if parts.scheme != "https" or not host or has_user or port not in (None, self._port) or "\\" in url:
            raise ServiceError("image_source", "only https URLs without user name, on the standard port, are fetched")
        if ANY_HOST not in self.allowed_hosts and host.lower() not in self.allowed_hosts:
            raise ServiceError("image_source", "this host is not one the operator allowed with --allow-url-host")
        target = parts.path or "/"
        return host, f"{target}?{parts.query}" if parts.query else target

    def _check_addresses(self, host: str) -> list[str]:
        """Return the host's addresses if every one of them may be spoken to."""
        try:
            addresses = self._resolve(host, self._port)
            allowed = [self._permits(ipaddress.ip_address(address)) for address in addresses]
        except (OSError, ValueError, UnicodeError) as error:
            raise ServiceError("image_fetch", "the host name could not be resolved") from error
        if not allowed or not all(allowed):
            raise ServiceError("image_source", "the host does not lie in the public internet")
        return addresses

    def _connect(self, host: str, addresses: list[str], ends: float) -> http.client.HTTPSConnection:
        context = self._context or ssl.create_default_context()
        connection = http.client.HTTPSConnection(host, self._port, timeout=remaining(ends), context=context)
        error: OSError | None = None
        for address in addresses:
            try:
                raw = socket.create_connection((address, self._port), timeout=remaining(ends))
                connection.sock = context.wrap_socket(raw, server_hostname=host)
                return connection
            except OSError as failure:
                error = failure
        raise error or OSError("no address")

    def _read_body(self, response: http.client.HTTPResponse) -> bytes:
        promised = response.length
        body = bytearray()
        while promised is None or len(body) < promised:
            chunk = response.read1(CHUNK)
            if not chunk:
                break
            body += chunk
            if len(body) > self._max_bytes:
                raise ServiceError("too_large", f"the image is larger than {self._max_bytes:,} bytes")
        if promised is not None and len(body) < promised:
            raise OSError("the server promised more bytes than it sent")
        return bytes(body)


@contextlib.contextmanager
def hang_up_at(ends: float, connection: http.client.HTTPSConnection) -> Iterator[None]:
    """Break the connection off at a time: a socket's own timeout begins anew with every byte that trickles in."""
    sock = connection.sock

    def hang_up() -> None:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(remaining(ends), hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def remaining(ends: float) -> float:
    """Return the seconds left until `ends`.

    Raises:
        TimeoutError: There are none.
    """
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError("the fetch took too long")
    return left
