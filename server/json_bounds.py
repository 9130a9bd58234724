"""A bound on the pieces of a JSON body, before anything parses it: megabytes of empty lists would become gigabytes."""

from __future__ import annotations

from ..errors import ServiceError

MARKS = (b"[", b"{", b",")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def check_json_pieces(body: bytes | bytearray, most: int) -> None:
    """Refuse JSON of more lists, objects and entries than any request has; those inside of text count too.

    Raises:
        ServiceError: It has more than `most` ("malformed").
    """
    pieces = sum(body.count(mark) for mark in MARKS)
    if pieces > most:
        raise ServiceError("malformed", f"the body is JSON of {pieces:,} pieces, and {most:,} are read at most")
