"""An answer and an encoded photo as a notebook shows them: a picture, a table, what was understood."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..querylang.explain import write_sentence
from ..querylang.notebook import write_notes
from .palette import part_color

if TYPE_CHECKING:
    from .answer import Answer
    from .encoded_image import EncodedImage

PICTURE_PX = 640
"""The longer side of a picture is reduced to it, and enlarged towards it at most `MOST_ENLARGED` times."""
MOST_ENLARGED = 3.0
WHOLE_FROM = 0.5
"""The whole photo is shown where its faces take more than this share of it, else the part about them."""
FACE_MARGIN = 0.12
CELL = "padding:2px 10px 2px 0;text-align:left"
MOST_ROWS = 12
"""Of a table; how many more there are is said below."""


def show_answer(answer: Answer) -> str:
    """Return the drawing, the points and what was understood as HTML."""
    drawing = draw_faces(answer)
    rows = [
        (
            str(answer.faces[point.face].number or point.face + 1),
            point.name,
            f"{point.xy[0]:.1f}",
            f"{point.xy[1]:.1f}",
            f"{point.expected_error:.1f}",
            "" if point.visibility is None else "yes" if point.visibility.is_seen else point.visibility.reason,
        )
        for point in answer.points
    ]
    height, width = answer.image_size
    told = (
        f"<p><q>{escape(answer.query.text)}</q></p><p>{escape(write_sentence(answer.query))}</p>"
        f"{write_notes(answer.notes)}"
        f"{write_table(('face', 'point', 'x', 'y', '+- px', 'seen'), rows)}"
        f"<p>{len(answer):,} points in pixels of the photo, {width} x {height}, by {escape(answer.model_version)}</p>"
    )
    return join_columns(drawing, told)


def picture_answer(answer: Answer) -> bytes | None:
    """Return the drawing as PNG; None for an answer without a photo."""
    drawing = draw_faces(answer)
    return None if drawing is None else write_image(drawing, "PNG")


def draw_faces(answer: Answer) -> Image.Image | None:
    """Return the drawing of the part of the photo that the answer's faces take, of a notebook's size."""
    if answer.photo is None:
        return None
    from .cutting import crop_answer

    corners = np.array([face.box for face in answer.faces], dtype=np.float64).reshape(-1, 2)
    points = np.concatenate([corners, answer.xy.astype(np.float64)])
    part = crop_answer(answer, points, margin=FACE_MARGIN)
    height, width = part.image_size
    if height * width > WHOLE_FROM * answer.image_size[0] * answer.image_size[1]:
        part, (height, width) = answer, answer.image_size
    return part.draw(scale=min(PICTURE_PX / max(height, width), MOST_ENLARGED))


def show_encoded(image: EncodedImage) -> str:
    """Return the photo with its faces in boxes, and the faces as a table."""
    rows = [
        (
            str(face.number),
            ", ".join(f"{value:.0f}" for value in face.box),
            "" if face.score is None else f"{face.score:.2f}",
        )
        for face in image.faces
    ]
    height, width = image.image_size
    found = write_table(("face", "box: x0, y0, x1, y1", "score"), rows) if rows else "<p>no face was found</p>"
    size = f"<p>photo {width} x {height} pixels, faces from left to right</p>"
    return join_columns(draw_boxes(image), found + write_notes(image.photo.notes) + size)


def picture_encoded(image: EncodedImage) -> bytes:
    """Return the photo with its faces in boxes as PNG."""
    return write_image(draw_boxes(image), "PNG")


def draw_boxes(image: EncodedImage) -> Image.Image:
    """Return the photo, of a notebook's size, with a box and its number about each face."""
    picture = Image.fromarray(image.photo.pixels)
    scale = min(1.0, PICTURE_PX / max(picture.size))
    if scale < 1:
        picture = picture.resize([max(1, round(side * scale)) for side in picture.size], Image.Resampling.LANCZOS)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(14)
    for face in image.faces:
        # From centres of pixels to their outer corners, scaled, and back.
        box = [round((value + 0.5) * scale - 0.5) for value in face.box]
        draw.rectangle([box[0] - 1, box[1] - 1, box[2] + 1, box[3] + 1], outline=(16, 18, 22), width=4)
        draw.rectangle(box, outline=part_color("left eyebrow"), width=2)
        place = (max(box[0], 0) + 4, max(box[1], 0) + 3)
        draw.text(place, str(face.number), font=font, fill="white", stroke_width=2, stroke_fill=(16, 18, 22))
    return picture


def write_table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of text; of more than `MOST_ROWS` rows the first, and how many follow."""
    head = "".join(f'<th style="{CELL}">{escape(cell)}</th>' for cell in heading)
    body = "".join(
        "<tr>" + "".join(f'<td style="{CELL}">{escape(cell)}</td>' for cell in row) + "</tr>"
        for row in rows[:MOST_ROWS]
    )
    rest = len(rows) - MOST_ROWS
    more = f"<p>and {rest:,} more</p>" if rest > 0 else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def join_columns(picture: Image.Image | None, told: str) -> str:
    """Return HTML of a picture beside text, below each other where there is no room."""
    shown = ""
    if picture is not None:
        data = base64.b64encode(write_image(picture, "JPEG")).decode("ascii")
        shown = f'<img alt="" src="data:image/jpeg;base64,{data}" style="max-width:100%;align-self:flex-start">'
    beside = f'<div style="max-width:100%;overflow-x:auto">{told}</div>'
    return f'<div style="display:flex;flex-wrap:wrap;gap:1.5em">{shown}{beside}</div>'


def write_image(picture: Image.Image, kind: str) -> bytes:
    """Return a picture as the bytes of a file."""
    stream = io.BytesIO()
    picture.save(stream, kind, quality=90)
    return stream.getvalue()
