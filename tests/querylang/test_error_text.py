import pytest

import faceql


def test_names_to_say_instead_are_offered_as_a_question() -> None:
    with pytest.raises(faceql.QueryError) as caught:
        faceql.parse("10 points along the noze")
    assert str(caught.value).endswith("did you mean 'nose'?")


def test_what_is_near_is_said_as_a_sentence() -> None:
    with pytest.raises(faceql.QueryError) as caught:
        faceql.parse("20 points on the teeth")
    assert str(caught.value).endswith("\n'inner lip' is nearest")
