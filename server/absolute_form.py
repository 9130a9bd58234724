"""Requests whose target is a whole address, as clients write it to a proxy: servers take them (RFC 9112, 3.2.2)."""

from __future__ import annotations

import re
from typing import Any

import h11

ABSOLUTE = re.compile(rb"https?://([^/?]*)(.*)", re.IGNORECASE | re.DOTALL)


class OriginConnection(h11.Connection):
    """A server's connection that gives such requests as if they had named a path, and the address' host as `Host`."""

    def next_event(self) -> Any:
        """Return what comes next; see `h11.Connection.next_event`.

        Raises:
            h11.RemoteProtocolError: It is no HTTP, or an address without a host.
        """
        event = super().next_event()
        return name_path(event) if isinstance(event, h11.Request) else event


def name_path(request: h11.Request) -> h11.Request:
    """Return a request with a path as its target; of one that had none yet, the host goes over its `Host`.

    Raises:
        h11.RemoteProtocolError: The address has no host.
    """
    found = ABSOLUTE.fullmatch(request.target)
    if found is None:
        return request
    host, rest = found.groups()
    if not host:
        raise h11.RemoteProtocolError("an address without a host")
    return h11.Request(
        method=request.method,
        target=rest if rest.startswith(b"/") else b"/" + rest,
        headers=[(b"host", host), *((name, value) for name, value in request.headers if name != b"host")],
        http_version=request.http_version,
    )
