"""What an interface lets in: every bound on a request, in one place."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what one request, and all requests together, may cost.

    Attributes:
        image_bytes: Size of an image file.
        pixels: Pixels of a photo, checked before it is decoded.
        points: Points of one answer, all faces together.
        faces: Faces of one answer.
        instructions: Instructions of one request.
        concise_points: Points that a concise answer shows at once.
        handle_seconds: Life of an image handle, from when it was opened.
        handles: Open handles.
        handle_bytes: Memory that open handles may hold.
        queued_asks: Requests that wait for the engine.
        queued_bytes: Bytes of the image files that wait for the engine.
        batch: Requests whose faces are encoded in one pass.
        readers: Threads that have photos decoded and find their faces.
        quick_pixels: Photos with more are read one at a time, in a thread of their own, so that the others pass them.
        decode_seconds: Processor time that decoding one photo may take, in a process that is ended then; None decodes
            in this process, without a bound.
        decoded_bytes: Pixels of photos that are read and wait for the engine; beyond it no further photo is decoded.
        deadline_seconds: The longest a request may take; a client may ask for less.
        requests: Requests at work at once, over HTTP.
        requests_per_client: The same for one client (API key, or address).
        connections: Open connections of which requests are taken.
        upload_seconds: The longest a client may take to send its body, or to take in hardly any of its answer.
        uploaded_bytes: Bytes of all request bodies held at once.
        json_pieces: Lists, objects and entries of a JSON body, counted before it is parsed.
        head_seconds: The longest a client may take to send its request's head.
        url_seconds: The longest an image may take to be fetched from a URL.
        batches: Batches at work at once.
        batch_images: Photos of a batch.
        batch_bytes: Size of a batch's body.
        batch_result_bytes: Size of a batch's results, past which the rest is refused.
        tracks: Cameras that are tracked at once.
        tracks_per_client: The same for one client (address).
    """

    image_bytes: int = 20 * MIB
    pixels: int = 40_000_000
    points: int = 20_000
    faces: int = 64
    instructions: int = 16
    concise_points: int = 400
    handle_seconds: float = 900.0
    handles: int = 64
    handle_bytes: int = 1024 * MIB
    queued_asks: int = 256
    queued_bytes: int = 256 * MIB
    batch: int = 8
    readers: int = 2
    quick_pixels: int = 12_500_000
    decode_seconds: float | None = 8.0
    decoded_bytes: int = 256 * MIB
    deadline_seconds: float = 30.0
    requests: int = 512
    requests_per_client: int = 256
    connections: int = 768
    upload_seconds: float = 20.0
    uploaded_bytes: int = 512 * MIB
    json_pieces: int = 50_000
    head_seconds: float = 10.0
    url_seconds: float = 10.0
    batches: int = 4
    batch_images: int = 256
    batch_bytes: int = 128 * MIB
    batch_result_bytes: int = 64 * MIB
    tracks: int = 8
    tracks_per_client: int = 4


# One user's own machine and own photos: only what a query may ask of one face stays bounded.
LOCAL_LIMITS = Limits(
    points=100_000, faces=100_000, deadline_seconds=86_400.0, queued_bytes=1 << 40, decode_seconds=None
)
