"""Whether a video file ends before its container says that it does, told from the container's own sizes.

In: a file and what kind of container it is. Out: in words what is missing, "" where nothing is known to be. A decoder
reads such a file to its last byte and calls that its end.
"""

from __future__ import annotations

from collections.abc import Callable
from io import SEEK_END
from typing import BinaryIO

TS_PACKETS = {188: 0, 192: 4, 204: 0}
"""Bytes of a packet of a transport stream, and where its sync byte is: plain, with a time code, with a checksum."""
TS_SYNC = 0x47
TS_SURE = 20
"""So many sync bytes, each a packet after the other, are no chance."""
RIFF_NOT_TOLD = (0, 0xFFFFFFFF)
"""What stands for the size while a file is being recorded."""
RIFF_HEAD = 8
EBML_HEAD, SEGMENT = 0x1A45DFA3, 0x18538067
ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
ASF_HEAD, ASF_SIZE_AT = 64 * 1024, 40


def find_missing(file: BinaryIO, kind: str) -> str:
    """Return what a video file lacks at its end, in words; "" where nothing is known to be missing.

    Args:
        file: Open for reading; its position is kept.
        kind: FFmpeg's name of the container, such as "avi".
    """
    find = FINDERS.get(kind.partition(",")[0])
    if find is None:
        return ""
    before = file.tell()
    try:
        return find(file, file.seek(0, SEEK_END))
    finally:
        file.seek(before)


def find_in_transport_stream(file: BinaryIO, size: int) -> str:
    """Tell of a last packet that is not whole: all are of one size. A cut between two packets leaves no trace."""
    begin = max(0, size - (TS_SURE + 2) * max(TS_PACKETS))
    file.seek(begin)
    tail = file.read()
    for length, lead in TS_PACKETS.items():
        for first in range(length):
            syncs = tail[first + lead :: length]
            if len(syncs) > TS_SURE and set(syncs) == {TS_SYNC}:
                kept = (len(tail) - first) % length
                return f"of its last packet {kept} of {length} bytes are there" if kept > lead else ""
    return ""


def find_in_avi(file: BinaryIO, size: int) -> str:
    """Tell of a list of chunks that goes on behind the end; those of more than a gigabyte have several."""
    at = 0
    while at + RIFF_HEAD <= size:
        file.seek(at)
        head = file.read(RIFF_HEAD)
        length = int.from_bytes(head[4:], "little")
        if head[:4] != b"RIFF" or length in RIFF_NOT_TOLD:
            return ""
        at += RIFF_HEAD + length + length % 2
    # Some writers count the head too.
    return tell_sizes(at, size) if at > size + RIFF_HEAD else ""


def find_in_matroska(file: BinaryIO, size: int) -> str:
    """Tell of a segment that goes on behind the end; a live one does not say where it ends."""
    file.seek(0)
    at = 0
    for wanted in (EBML_HEAD, SEGMENT):
        file.seek(at)
        head = file.read(12)
        name, first = int.from_bytes(head[:4], "big"), head[4:5]
        width = 9 - first[0].bit_length() if first and first[0] else 0
        if name != wanted or not width or len(head) < 4 + width:
            return ""
        mask = (1 << 7 * width) - 1
        length = int.from_bytes(head[4 : 4 + width], "big") & mask
        if length == mask:
            return ""
        at += 4 + width + length
    return tell_sizes(at, size) if at > size else ""


def find_in_asf(file: BinaryIO, size: int) -> str:
    """Tell of a file that is smaller than the properties at its head say."""
    file.seek(0)
    head = file.read(ASF_HEAD)
    at = head.find(ASF_PROPERTIES)
    announced = int.from_bytes(head[at + ASF_SIZE_AT : at + ASF_SIZE_AT + 8], "little") if at >= 0 else 0
    return tell_sizes(announced, size) if announced > size else ""


def tell_sizes(announced: int, size: int) -> str:
    return f"of {announced:,} bytes {size:,} are there"


FINDERS: dict[str, Callable[[BinaryIO, int], str]] = {
    "mpegts": find_in_transport_stream,
    "avi": find_in_avi,
    "matroska": find_in_matroska,
    "asf": find_in_asf,
}
