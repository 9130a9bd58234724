"""Writing answers as the client likes them: JSON, a table, a drawing."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from ..engine.answer_units import is_normalized, normalize_answer
from ..errors import InvalidRequestError
from .accept import choose_media
from .answers import page_answer
from .ask_queue import Asked
from .http_requests import AskOptions, DrawOptions
from .pictures import write_picture

if TYPE_CHECKING:
    from ..engine import Answer, Photo
    from ..engine.answer_units import Units

JSON, CSV, SVG, PNG, JPEG = "application/json", "text/csv", "image/svg+xml", "image/png", "image/jpeg"
ANSWER_FORMS = (JSON, CSV, PNG, SVG, JPEG)
PHOTO_FORMS = (PNG, JPEG)
DRAWING_FORMS = {"png": PNG, "svg": SVG, "jpeg": JPEG}


def choose_answer_form(accept: str | None, options: AskOptions) -> str:
    """Return the media type of the answers to an ask.

    Raises:
        ServiceError: There is none that the client takes ("not_acceptable"), or it is a drawing of several answers.
    """
    form = choose_media(accept, ANSWER_FORMS)
    if form not in (JSON, CSV) and len(options.texts) > 1:
        raise InvalidRequestError([{"loc": ["instructions"], "msg": "one drawing shows one instruction"}])
    return form


def choose_drawing_form(accept: str | None, options: DrawOptions) -> str:
    """Return the media type of a drawing: what the request names, or else what the client takes.

    Raises:
        ServiceError: There is none that it takes ("not_acceptable").
    """
    if options.format is not None:
        return DRAWING_FORMS[options.format]
    return choose_media(accept, tuple(DRAWING_FORMS.values()))


def write_answers(asked: Asked, options: AskOptions, form: str, *, handle: str | None, limit: int) -> Response:
    """Return the answers in one of `ANSWER_FORMS`; full ones in JSON are `Answer.to_dict()`."""
    if form == CSV:
        return vary(Response(write_table(asked.answers, options.units), media_type="text/csv"))
    if form != JSON:
        return draw_answer(asked.answers[0], DrawOptions.model_construct(), form)
    answers = describe_answers(asked, options, handle=handle, limit=limit)
    return vary(Response(json.dumps({"answers": answers}, ensure_ascii=False), media_type=JSON))


def describe_answers(asked: Asked, options: AskOptions, *, handle: str | None, limit: int) -> list[dict[str, Any]]:
    """Return the answers as plain data, in the detail and the units that are asked for."""
    if options.detail == "full":
        return [answer.to_dict(units=options.units) for answer in asked.answers]
    pages = [page_answer(answer, "concise", limit=limit, handle=handle) for answer in asked.answers]
    answers = [page.model_dump(mode="json", exclude_defaults=True) for page in pages]
    return [normalize_answer(answer) for answer in answers] if is_normalized(options.units) else answers


def write_table(answers: tuple[Answer, ...], units: Units) -> str:
    """Return an answer's CSV; of several, one table whose first column counts the instructions from 0."""
    if len(answers) == 1:
        return answers[0].to_csv(units=units)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for number, answer in enumerate(answers):
        heading, *rows = csv.reader(io.StringIO(answer.to_csv(units=units)))
        if number == 0:
            writer.writerow(["instruction", *heading])
        writer.writerows([number, *row] for row in rows)
    return text.getvalue()


def draw_answer(answer: Answer, options: DrawOptions, form: str) -> Response:
    """Return an answer drawn: the photo with the points as PNG or JPEG, or the overlay alone as SVG."""
    if form == SVG:
        return vary(Response(answer.to_svg(), media_type=SVG, headers={"Content-Security-Policy": "sandbox"}))
    scale = min(1.0, options.max_side / max(answer.image_size))
    picture = answer.draw(scale=scale, legend=options.legend, errors=options.show_errors)
    return vary(Response(write_picture(picture, form), media_type=form))


def show_photo(photo: Photo, form: str, max_side: int) -> Response:
    """Return a photo upright as PNG or JPEG, its longer side at most `max_side` pixels."""
    from PIL import Image

    picture = Image.fromarray(photo.pixels)
    picture.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
    return vary(Response(write_picture(picture, form), media_type=form))


def vary(response: Response) -> Response:
    """Say that the answer depends on the Accept header."""
    response.headers["Vary"] = "Accept"
    return response
