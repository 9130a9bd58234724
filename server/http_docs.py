"""What the OpenAPI document says of each route: bodies in three forms, answers, problems, examples."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, Field
from starlette.responses import Response

from .answers import FullAnswer, LandmarkAnswer
from .derived import CropAnswer, MaskAnswer, MeasuresAnswer
from .http_requests import AskOptions, AskRequest, DrawOptions, DrawRequest, OpenRequest, ParseRequest, PhotoOptions
from .problems import MEDIA_TYPE, ProblemDetails

DESCRIPTION = (
    "Face landmarks from plain-English instructions. Coordinates are pixels of the upright photo; (0, 0) is the centre "
    'of its top-left pixel. "left" is the left of the picture unless perspective is "subject". Errors are problem '
    "details (RFC 9457) with a stable code. Photos live in memory only."
)


SECURITY_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "api_key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
}
# Paths that are open to everyone, whatever keys there are.
OPEN_ROUTES = ("/healthz", "/readyz")


def describe_security(app: FastAPI, *, is_locked: bool) -> None:
    """Make the OpenAPI document say how an API key is sent, and that none is needed where there is no key."""
    write_document = app.openapi

    def write_secured() -> dict[str, Any]:
        document = write_document()
        document["components"]["securitySchemes"] = SECURITY_SCHEMES
        document["security"] = [*([] if is_locked else [{}]), *({name: []} for name in SECURITY_SCHEMES)]
        for path in OPEN_ROUTES:
            document["paths"][path]["get"]["security"] = []
        return document

    app.openapi = write_secured  # type: ignore[method-assign]


class AskAnswer(BaseModel):
    """One answer for each instruction, in their order."""

    answers: list[FullAnswer | LandmarkAnswer]


ASK_EXAMPLES = {
    "one instruction": {
        "value": {"image": {"handle": "img_AAAAAAAAAAAAAAAAAAAAAA"}, "instruction": "4 points per eyebrow"}
    },
    "several, compact": {
        "value": {
            "image": {"base64": "/9j/4AAQSkZJRg=="},
            "instructions": ["outer lip, 20 points", "mouth corners"],
            "detail": "concise",
        }
    },
}
# What the shipped weights answer for examples/astronaut.jpg; FACEQL_SNAPSHOT=1 pytest -k openapi_example rewrites it.
ANSWER_EXAMPLE = json.loads(files(__package__).joinpath("answer_example.json").read_text("utf-8"))
PROBLEM_EXAMPLE = {
    "type": "urn:faceql:problem:unknown_part",
    "title": "There is no such face part",
    "status": 422,
    "detail": "unknown face part 'noze'",
    "code": "unknown_part",
    "span": [20, 24],
    "suggestion": "'nose'",
    "problems": [
        {
            "code": "unknown_part",
            "message": "unknown face part 'noze'",
            "span": [20, 24],
            "quote": "noze",
            "suggestion": "'nose'",
        }
    ],
}
PARSE_EXAMPLE = {
    "canonical": "face_contour[13/32 .. 0] * 10 | polyline",
    "count": 10,
    "parts": ["face contour"],
    "spacing": "fpalp",
    "faces": "largest",
    "shape": "polyline",
    "visible_only": False,
    "perspective": "viewer",
    "notes": [],
    "explanation": "10 points on the face contour from the left chin to the left jaw end, as a polyline.\n"
    "Plain left and right were read as those of the picture; parts are named by the picture.\n"
    "Canonical: face_contour[13/32 .. 0] * 10 | polyline",
}
MEASURE_EXAMPLES = {
    "two distances": {
        "value": {
            "image": {"handle": "img_AAAAAAAAAAAAAAAAAAAAAA"},
            "distances": [["nose tip", "chin"], ["left mouth corner", "right mouth corner"]],
            "units": "px",
        }
    }
}
MASK_EXAMPLES = {
    "lips": {"value": {"image": {"handle": "img_AAAAAAAAAAAAAAAAAAAAAA"}, "region": "lips", "format": "rle"}}
}
CROP_EXAMPLES = {
    "a face": {"value": {"image": {"handle": "img_AAAAAAAAAAAAAAAAAAAAAA"}, "size": 256}},
    "an eye": {"value": {"image": {"handle": "img_AAAAAAAAAAAAAAAAAAAAAA"}, "region": "left eye", "format": "jpeg"}},
}
FORM_LISTS = {
    "box": {
        "type": "array",
        "items": {"type": "string", "pattern": r"^-?\d+(\.\d+)?(,-?\d+(\.\d+)?){3}$"},
        "description": "x0,y0,x1,y1; may be repeated",
    }
}


DISTANCE_LISTS = {
    "distance": {
        "type": "array",
        "items": {"type": "string", "pattern": r"^[^|]{1,200}\|[^|]{1,200}$"},
        "description": "two places, as nose tip|chin; may be repeated",
    }
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the problem answers of these statuses."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}
    with_example = {MEDIA_TYPE: {**content[MEDIA_TYPE], "example": PROBLEM_EXAMPLE}}
    return {
        status: {"model": ProblemDetails, "content": with_example if status == 422 else content}
        for status in (400, 401, 403, 408, 413, 421, *statuses)
    }


def answer_like(example: dict[str, Any]) -> dict[str, Any]:
    """Return what a route's 200 says beside its model."""
    return {"content": {"application/json": {"example": example}}}


def inline_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return a model's JSON schema without references, so that it can stand inside a body."""
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})

    def resolve(node: Any) -> Any:
        if isinstance(node, dict):
            if "$ref" in node:
                return resolve(definitions[node["$ref"].rpartition("/")[2]])
            return {key: resolve(value) for key, value in node.items()}
        return [resolve(item) for item in node] if isinstance(node, list) else node

    resolved: dict[str, Any] = resolve(schema)
    return resolved


def photo_body(json_model: type[BaseModel], options: type[BaseModel], examples: dict[str, Any]) -> dict[str, Any]:
    """Return a request body that comes as JSON, as a form, or as the image itself with options in the query."""
    schema = inline_schema(options)
    fields = {name: field for name, field in schema["properties"].items() if name != "boxes"}
    # An instruction may come as one of several, which a form repeats: it needs one.
    required = [*schema.get("required", []), *(["instruction"] if "instruction" in fields else [])]
    fields.pop("instructions", None)
    distances = DISTANCE_LISTS if fields.pop("distances", None) else {}
    form = {
        "type": "object",
        "required": ["image", *(name for name in ("instruction", "region") if name in required)],
        "additionalProperties": False,
        "properties": {"image": {"type": "string", "format": "binary"}, **drop_null(fields), **FORM_LISTS, **distances},
    }
    content: dict[str, Any] = {
        "application/json": {"schema": inline_schema(json_model), "examples": examples},
        "multipart/form-data": {"schema": form},
        "image/*": {"schema": {"type": "string", "format": "binary"}},
    }
    parameters = [
        {"name": name, "in": "query", "required": False, "schema": schema, "description": "with a raw image body"}
        for name, schema in {**drop_null(fields), **FORM_LISTS, **distances}.items()
    ]
    return {"requestBody": {"required": True, "content": content}, "parameters": parameters}


def drop_null(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a form: text cannot be null, so a field is left out instead."""
    cleaned = {}
    for name, field in fields.items():
        inner = [option for option in field.get("anyOf", []) if option.get("type") != "null"]
        rest = {key: value for key, value in field.items() if key not in ("anyOf", "default")}
        cleaned[name] = {**inner[0], **rest} if inner else rest
    return cleaned


class CropJson(CropAnswer):
    """A crop in JSON."""

    png: str = Field(description="the crop as PNG, in base64")


MEASURED: dict[str, Any] = {"model": MeasuresAnswer}
MASKED: dict[str, Any] = {"model": MaskAnswer, "content": {"image/png": {}}}
CROPPED: dict[str, Any] = {"model": CropJson, "content": {"image/png": {}, "image/jpeg": {}}}


def describe_route(
    json_model: type[BaseModel], options: type[BaseModel], examples: dict[str, Any], answer: dict[str, Any]
) -> dict[str, Any]:
    """Return what the document says of a route that asks about a photo."""
    return {
        "response_class": Response,
        "responses": {200: answer, **problems(404, 406, 415, 422, 429, 500, 503, 504)},
        "openapi_extra": photo_body(json_model, options, examples),
    }


RESULTS: dict[str, Any] = {
    "response_class": Response,
    "responses": {200: {"description": "A line of JSON for each photo.", "content": {"application/jsonl": {}}}}
    | problems(404, 422, 429, 503),
}
BATCH_EXAMPLES = {
    "two photos": {
        "value": {
            "images": [{"handle": "img_AAAAAAAAAAAAAAAAAAAAAA"}, {"base64": "/9j/4AAQSkZJRg=="}],
            "instruction": "4 points per eyebrow",
        }
    }
}


def describe_batch(json_model: type[BaseModel], options: type[BaseModel], answer: type[BaseModel]) -> dict[str, Any]:
    """Return what the document says of the route that starts a batch."""
    body = photo_body(json_model, options, BATCH_EXAMPLES)["requestBody"]
    form = body["content"]["multipart/form-data"]["schema"]
    form["properties"]["image"] = {"type": "array", "minItems": 1, "items": {"type": "string", "format": "binary"}}
    del body["content"]["image/*"]
    return {
        "responses": {202: {"model": answer}, **problems(404, 415, 422, 429, 500, 503)},
        "openapi_extra": {"requestBody": body},
    }


ASK: dict[str, Any] = {
    "responses": {
        200: {"model": AskAnswer, **answer_like(ANSWER_EXAMPLE)},
        **problems(404, 406, 415, 422, 429, 500, 503, 504),
    },
    "openapi_extra": photo_body(AskRequest, AskOptions, ASK_EXAMPLES),
}
DRAW: dict[str, Any] = {
    "response_class": Response,
    "responses": {
        200: {"description": "The drawing.", "content": {"image/png": {}, "image/jpeg": {}, "image/svg+xml": {}}},
        **problems(404, 406, 415, 422, 429, 500, 503, 504),
    },
    "openapi_extra": photo_body(
        DrawRequest,
        DrawOptions,
        {
            "a polygon": {
                "value": {
                    "image": {"handle": "img_AAAAAAAAAAAAAAAAAAAAAA"},
                    "instruction": "outer lip as a polygon",
                    "max_side": 512,
                }
            }
        },
    ),
}
OPEN: dict[str, Any] = {
    "responses": problems(404, 415, 422, 429, 500, 503, 504),
    "openapi_extra": photo_body(
        OpenRequest, PhotoOptions, {"base64": {"value": {"image": {"base64": "/9j/4AAQSkZJRg=="}}}}
    ),
}
PARSE: dict[str, Any] = {
    "responses": {200: answer_like(PARSE_EXAMPLE), **problems(415, 422, 429, 503)},
    "openapi_extra": {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": inline_schema(ParseRequest),
                    "examples": {
                        "range": {"value": {"instruction": "10 points from left chin to jaw end as a polyline"}}
                    },
                }
            },
        }
    },
}
PHOTO: dict[str, Any] = {
    "response_class": Response,
    "responses": {
        200: {"description": "The photo.", "content": {"image/png": {}, "image/jpeg": {}}},
        **problems(404, 406, 422, 429, 503),
    },
}
HANDLE: dict[str, Any] = {"responses": problems(404, 422, 429, 503)}
PLAIN: dict[str, Any] = {"responses": problems(429, 503)}
STATUS: dict[str, Any] = {"responses": problems()}
READY: dict[str, Any] = {"responses": problems(500, 503)}
