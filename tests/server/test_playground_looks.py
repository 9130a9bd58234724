"""What the page looks like in Chromium where there is much, or nothing, to show."""

from __future__ import annotations

from pathlib import Path

from .test_playground import DOTS, OPENING, SAMPLED, address, ask, browser, pytestmark, wait  # noqa: F401
from .test_playground_odds import choose

STROKE = "getComputedStyle(document.querySelector('#overlay .dot')).stroke"


def test_points_without_end_keep_their_colour(browser) -> None:  # noqa: F811
    """The dark edges of dots that overlap covered all of it."""
    wait(browser, OPENING)
    assert browser.execute_script(f"return {STROKE}") != "none"
    ask(browser, "10000 points on the outer lip")
    wait(browser, f"{DOTS} === 10000")
    assert browser.execute_script(f"return {STROKE}") == "none"


def test_a_file_that_is_no_photo_leaves_no_broken_picture(browser, tmp_path: Path) -> None:  # noqa: F811
    wait(browser, OPENING)
    shown = "getComputedStyle(document.getElementById('photo')).visibility === 'visible'"
    (tmp_path / "letter.pdf").write_bytes(b"%PDF-1.7")
    choose(browser, tmp_path / "letter.pdf")
    wait(browser, f"!({shown})")
    browser.find_element("id", "sample").click()
    wait(browser, f"{SAMPLED} && {shown}")


def test_no_caret_stands_under_nothing(browser) -> None:  # noqa: F811
    wait(browser, OPENING)
    for nothing in ("", "  "):
        ask(browser, nothing)
        wait(browser, "document.getElementById('problem').textContent.includes('empty')")
        assert browser.execute_script("return document.querySelectorAll('#problem pre').length") == 0
        assert browser.execute_script("return document.querySelectorAll('#problem .say').length") == 1
        ask(browser, "pupils")
        wait(browser, f"{DOTS} === 2 && document.getElementById('problem').hidden")
