"""The process in which photos are decoded: `python -c "... main()"`, spoken to over its standard input and output.

It imports no torch, holds nothing between photos, and may be killed at any time: by its parent at a deadline, by the
kernel when a photo takes too much processor time.

A request is REQUEST and the bytes of a file; a reply is REPLY, a JSON text, and the photo's pixels where there is one.
"""

from __future__ import annotations

import json
import math
import os
import signal
import struct
import sys
import time
from contextlib import suppress
from pathlib import Path

from PIL import Image

from ..engine.images import read_photo
from ..errors import ImageError, TooManyPixelsError

REQUEST = struct.Struct("<QQd")
"""Bytes of the file, the most pixels, the most seconds of processor time."""
REPLY = struct.Struct("<QQ")
"""Bytes of the JSON text, bytes of the pixels."""
MEMORY_BYTES = 3 << 30
SWOLLEN_BYTES = 300 << 20


def main() -> None:
    """Decode photos until the other end of the pipe is closed."""
    # Whatever a library prints must not get between the replies.
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    # Ctrl+C goes to the whole group of processes; the parent says when to end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Requests say how many pixels are too many; Pillow's own bound does not tell how many there are.
    Image.MAX_IMAGE_PIXELS = None
    limit_memory()
    while head := requests.read(REQUEST.size):
        size, max_pixels, seconds = REQUEST.unpack(head)
        data = requests.read(size)
        limit_time(seconds)
        told, pixels = decode(data, max_pixels)
        del data
        told["is_last"] = is_swollen()
        text = json.dumps(told).encode()
        try:
            replies.write(REPLY.pack(len(text), pixels.nbytes) + text)
            replies.write(pixels)
            replies.flush()
        except BrokenPipeError:
            # Nobody waits for it any more: no reason to write a stack trace into the server's log.
            os._exit(0)


def decode(data: bytes, max_pixels: int) -> tuple[dict[str, object], memoryview]:
    """Return what to tell of a photo, and its pixels."""
    try:
        photo = read_photo(data, max_pixels=max_pixels)
    except TooManyPixelsError as error:
        return {"too_large": [error.name, error.width, error.height]}, memoryview(b"")
    except ImageError as error:
        return {"error": str(error)}, memoryview(b"")
    return {"size": photo.size, "notes": photo.notes}, photo.pixels.data.cast("B")


def is_swollen() -> bool:
    """Whether so much memory was taken, which is not always given back, that a fresh process serves better."""
    return peak_bytes() > SWOLLEN_BYTES


def peak_bytes() -> int:
    """Return the most memory that this process has held; 0 where nobody tells."""
    with suppress(OSError):
        # Not getrusage's: on Linux that begins with what the parent held when it started this process.
        status = Path("/proc/self/status").read_text("ascii")
        return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:")), 0)
    if sys.platform == "win32":
        return 0
    import resource

    # In bytes on macOS, the one that has no /proc.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def limit_memory() -> None:
    """Let no photo take more memory than the largest needs, and leave no core behind."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_time(seconds: float) -> None:
    """Let the kernel end this process when it has worked for so long from now on."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time() + seconds), resource.RLIM_INFINITY))
