"""The page by keyboard alone (WCAG 2.1.1): a face box, and which point of the photo a row of the table is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from .test_playground import DOTS, OPENING, address, ask, browser, draw_box, pytestmark, wait  # noqa: F401
from .test_playground_features import axe  # noqa: F401

PROBLEM = "document.getElementById('problem').textContent"
STATUS = "document.getElementById('status').textContent"
EDGES = ("left", "top", "right", "bottom")


def open_grey(browser, folder: Path, size: tuple[int, int] = (400, 300), name: str = "grey.png") -> None:  # noqa: F811
    """Ask about a photo without a face."""
    wait(browser, OPENING)
    Image.new("L", size, 128).save(folder / name)
    browser.find_element("id", "file").send_keys(str(folder / name))
    wait(browser, f"{PROBLEM}.includes('no face')")


def press(browser, *keys: str, shift: bool = False) -> None:  # noqa: F811
    from selenium.webdriver import ActionChains, Keys

    typing = ActionChains(browser)
    if shift:
        typing.key_down(Keys.SHIFT)
    for key in keys:
        typing.send_keys(key)
    if shift:
        typing.key_up(Keys.SHIFT)
    typing.perform()


def focused(browser) -> str:  # noqa: F811
    return browser.execute_script("return document.activeElement.id || document.activeElement.textContent")


def tab_to(browser, wanted: str, *, back: bool = False) -> None:  # noqa: F811
    from selenium.webdriver import Keys

    for _ in range(40):
        if focused(browser) == wanted:
            return
        press(browser, Keys.TAB, shift=back)
    raise AssertionError(f"{wanted} is not reached by Tab")


def read_fields(browser) -> list[float]:  # noqa: F811
    return [float(browser.find_element("id", f"box-{edge}").get_property("value")) for edge in EDGES]


def read_drawn(browser, name: str) -> list[float]:  # noqa: F811
    return browser.execute_script(
        "const box = document.querySelector(`#overlay .${arguments[0]}`);"
        "const [x, y, width, height] = ['x', 'y', 'width', 'height'].map((edge) => +box.getAttribute(edge));"
        "return [x, y, x + width, y + height]",
        name,
    )


def test_a_box_is_written_by_its_edges(browser, tmp_path: Path) -> None:  # noqa: F811
    from selenium.webdriver import Keys

    open_grey(browser, tmp_path)
    browser.execute_script("document.getElementById('instruction').focus()")
    tab_to(browser, "Draw a box round the face")
    press(browser, Keys.ENTER)
    assert focused(browser) == "box-left"
    assert browser.find_element("id", "box").get_attribute("aria-pressed") == "true"
    assert "write its edges" in browser.execute_script(f"return {STATUS}")
    assert read_drawn(browser, "hand") == pytest.approx(read_fields(browser), abs=0.01)
    names = browser.execute_script("return [...document.querySelectorAll('#box-form label')].map(x => x.textContent)")
    assert [name.strip() for name in names] == list(EDGES)
    press(browser, "90", Keys.TAB, "30", Keys.TAB, "210.5", Keys.TAB, "200")
    assert read_drawn(browser, "hand") == [90, 30, 210.5, 200]
    press(browser, Keys.ENTER)
    wait(browser, OPENING)
    assert read_drawn(browser, "edge") == [90, 30, 210.5, 200]
    assert focused(browser) == "box"
    # It is found again to be mended, with the mouse or without.
    press(browser, Keys.ENTER)
    assert focused(browser) == "box-left"
    assert read_fields(browser) == [90, 30, 210.5, 200]


def test_a_box_is_moved_and_sized_by_arrows_on_the_photo(browser, tmp_path: Path) -> None:  # noqa: F811
    from selenium.webdriver import Keys

    open_grey(browser, tmp_path)
    browser.execute_script("document.getElementById('instruction').focus()")
    tab_to(browser, "box")
    label = browser.find_element("id", "frame").get_attribute("aria-label")
    press(browser, Keys.SPACE)
    before = read_fields(browser)
    tab_to(browser, "frame", back=True)
    assert "face box" in browser.find_element("id", "frame").get_attribute("aria-label")
    press(browser, Keys.ARROW_LEFT, Keys.ARROW_LEFT, Keys.ARROW_DOWN)
    press(browser, Keys.ARROW_RIGHT, Keys.ARROW_UP, shift=True)
    moved = [before[0] - 8, before[1] + 3, before[2] - 8 + 4, before[3] + 3 - 3]
    assert read_fields(browser) == pytest.approx(moved)
    assert read_drawn(browser, "hand") == pytest.approx(moved)
    told = browser.execute_script(f"return {STATUS}")
    assert told == f"Face box from {moved[0]:g}, {moved[1]:g} to {moved[2]:g}, {moved[3]:g}."
    # It stays on the photo, and a box.
    press(browser, *[Keys.ARROW_LEFT] * 60)
    assert read_fields(browser)[0] == -0.5
    press(browser, *[Keys.ARROW_LEFT] * 60, shift=True)
    assert read_fields(browser)[2] == 7.5
    press(browser, *[Keys.ARROW_RIGHT] * 30, shift=True)
    kept = read_fields(browser)
    press(browser, Keys.ENTER)
    wait(browser, OPENING)
    assert read_drawn(browser, "edge") == pytest.approx(kept)
    assert focused(browser) == "frame"
    assert browser.find_element("id", "frame").get_attribute("aria-label") == label


def test_escape_gives_the_keyboard_back_and_what_is_no_box_is_told(browser, tmp_path: Path) -> None:  # noqa: F811
    from selenium.webdriver import Keys

    open_grey(browser, tmp_path)
    browser.execute_script("document.getElementById('box').focus()")
    press(browser, Keys.ENTER, Keys.BACKSPACE)
    assert browser.execute_script("return document.querySelectorAll('#overlay .hand').length") == 0
    press(browser, Keys.ENTER)
    assert "too small" in browser.execute_script(f"return {STATUS}")
    assert browser.find_element("id", "box-form").is_displayed()
    press(browser, Keys.ESCAPE)
    assert focused(browser) == "box"
    assert not browser.find_element("id", "box-form").is_displayed()
    # Another photo is another box.
    press(browser, Keys.ENTER)
    browser.find_element("id", "sample").click()
    wait(browser, OPENING)
    assert not browser.find_element("id", "box-form").is_displayed()
    assert browser.find_element("id", "box").get_attribute("aria-pressed") == "false"
    severe = [entry["message"] for entry in browser.get_log("browser") if "Uncaught" in entry["message"]]
    assert severe == []
    assert "NaN" not in json.dumps(browser.get_log("browser"))


def test_a_box_on_a_photo_that_is_shown_smaller_is_in_its_own_pixels(browser, tmp_path: Path) -> None:  # noqa: F811
    """Of a TIFF the server's picture is shown, of 2048 px; boxes were in pixels of that."""
    open_grey(browser, tmp_path, (4000, 3000), "large.tiff")
    wait(browser, "document.getElementById('photo').naturalWidth === 2048")
    browser.find_element("id", "box").click()
    side = browser.execute_script("return document.getElementById('frame').clientWidth")
    draw_box(browser, (-100, -60), (200, 120))
    wait(browser, OPENING)
    middle = [1999.5 - 4e5 / side, 1499.5 - 2.4e5 / side, 1999.5 + 4e5 / side, 1499.5 + 2.4e5 / side]
    assert read_drawn(browser, "edge") == pytest.approx(middle, abs=16)


def test_rows_of_the_table_show_their_point_by_arrow_keys(browser) -> None:  # noqa: F811
    from selenium.webdriver import Keys

    wait(browser, OPENING)
    ask(browser, "5 points on the nose bridge")
    wait(browser, f"{DOTS} === 5")
    browser.execute_script("document.querySelector('.scroll').focus()")
    marked = "return ['#points tr.marked', '#overlay .dot.marked'].map(x => document.querySelector(x)?.dataset.index)"
    ways = (([Keys.ARROW_DOWN] * 2, "1"), ([Keys.ARROW_UP], "0"), ([Keys.ARROW_UP], "0"), ([Keys.END], "4"))
    for keys, index in ways:
        press(browser, *keys)
        assert browser.execute_script(marked) == [index, index]


def test_axe_finds_nothing_serious_while_a_box_is_drawn(browser, tmp_path: Path, axe: str) -> None:  # noqa: F811
    open_grey(browser, tmp_path)
    browser.find_element("id", "box").click()
    browser.execute_cdp_cmd("Runtime.evaluate", {"expression": axe})
    browser.set_script_timeout(180)
    told = browser.execute_async_script("axe.run().then(arguments[0])")
    serious = [found["id"] for found in told["violations"] if found["impact"] in ("serious", "critical")]
    assert serious == []
