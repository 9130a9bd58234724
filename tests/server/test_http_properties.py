"""Property tests from the OpenAPI document: whatever is sent, the answer is one the document promises."""

from __future__ import annotations

import hypothesis
import pytest
import schemathesis
from schemathesis.specs.openapi import checks as openapi_checks

from faceql.engine import Engine
from faceql.model.checkpoint import LoadedDetector
from faceql.server.http_app import build_http_app
from faceql.server.image_sources import ImageSources
from faceql.server.limits import Limits
from faceql.server.service import Service

from .conftest import FixedFinder, make_detector

LIMITS = Limits(image_bytes=200_000, points=2000, deadline_seconds=20)


def never_fails_inside(ctx, response, case) -> None:
    """503 and 504 are honest answers of a busy service; 500 is a mistake of ours."""
    assert response.status_code != 500, response.text


CHECKS = [
    never_fails_inside,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
]


def make_app():
    def load() -> Engine:
        return Engine(
            "cpu", LoadedDetector(make_detector(), "random", {}), face_finder=FixedFinder(), find_upright=False
        )

    service = Service(load, LIMITS)
    service.start_loading()
    # schemathesis starts and stops the app around every request.
    service.close = lambda seconds=0.0: None
    return build_http_app(service, ImageSources(LIMITS), hosts=["*"])


schema = schemathesis.openapi.from_asgi("/openapi.json", make_app())
QUICK = hypothesis.settings(
    max_examples=5, deadline=None, derandomize=True, database=None, suppress_health_check=list(hypothesis.HealthCheck)
)
THOROUGH = hypothesis.settings(QUICK, max_examples=150)


@schema.parametrize()
@QUICK
def test_every_answer_is_one_the_document_promises(case) -> None:
    case.call_and_validate(checks=CHECKS)


@pytest.mark.slow
@schema.parametrize()
@THOROUGH
def test_every_answer_is_one_the_document_promises_thoroughly(case) -> None:
    case.call_and_validate(checks=CHECKS)
