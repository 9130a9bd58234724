"""What crosses a wire: models that carry a query, an error and the listings, and their JSON schema."""

import pytest

import faceql
from faceql.querylang.wire import WireQuery, WireQueryError, list_layouts, list_parts


def test_query_goes_over_a_wire_and_back():
    query = faceql.parse("4 points per eyebrow of the leftmost face", perspective="viewer")
    sent = WireQuery.of(query)
    got = WireQuery.model_validate_json(sent.model_dump_json())
    assert got == sent
    assert (got.count, got.faces, got.canonical) == (8, "leftmost", query.canonical)
    assert [(x.part, x.fpalp) for x in got.landmarks[:2]] == [("left eyebrow", 0.0), ("left eyebrow", 0.25)]
    assert faceql.parse(got.canonical) == query


def test_error_carries_every_problem():
    with pytest.raises(faceql.QueryError) as caught:
        faceql.parse("0 points on the jaw; 5 points on the left ear")
    sent = WireQueryError.of(caught.value)
    assert [problem.code for problem in sent.problems] == ["count", "unknown_part"]
    assert sent.problems[1].span == (42, 45)


def test_schemas_describe_every_field():
    for model in (WireQuery, WireQueryError):
        schema = model.model_json_schema()
        assert schema["additionalProperties"] is False
    fields = WireQuery.model_json_schema()["properties"]
    assert all("description" in field for field in fields.values())


def test_listings_come_from_the_registry():
    assert [part.name for part in list_parts()] == list(faceql.parse("left eye").registry.parts)
    assert {layout.name: layout.size for layout in list_layouts()}["wflw"] == 98
    assert "jaw" in next(part.other_names for part in list_parts() if part.name == "face contour")
