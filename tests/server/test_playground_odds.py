"""The page where something is odd: files, keys, handles that ended, keyboards, and text that is dragged."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from faceql.engine import Answer

from .conftest import ASTRONAUT, serving
from .test_playground import (
    DOTS,
    OPENING,
    address,  # noqa: F401
    ask,
    browser,  # noqa: F401
    draw_box,
    pytestmark,  # noqa: F401
    wait,
)

PROBLEM = "document.getElementById('problem').textContent"
STATUS = "document.getElementById('status').textContent"


def choose(browser, path: Path) -> None:  # noqa: F811
    browser.find_element("id", "file").send_keys(str(path))


def save_twins(path: Path) -> Path:
    portrait = Image.open(ASTRONAUT)
    both = Image.new("RGB", (1024, 512))
    both.paste(portrait, (0, 0))
    both.paste(portrait, (512, 0))
    both.save(path)
    return path


def open_twins(browser, folder: Path) -> None:  # noqa: F811
    """Ask for the pupils on a photo of two faces."""
    wait(browser, OPENING)
    ask(browser, "pupils")
    wait(browser, f"{DOTS} === 2")
    choose(browser, save_twins(folder / "twins.jpg"))
    wait(browser, "document.querySelectorAll('.face').length === 2")


def test_a_file_that_is_no_photo_is_told_in_words_of_the_page(browser, tmp_path: Path) -> None:  # noqa: F811
    """Of a PDF the page told how programs send images; of a photo too large, half of the limit."""
    wait(browser, OPENING)
    (tmp_path / "letter.pdf").write_bytes(b"%PDF-1.7")
    choose(browser, tmp_path / "letter.pdf")
    wait(browser, f"{PROBLEM}.includes('not an image that can be read here')")
    Image.new("L", (6400, 6400)).save(tmp_path / "huge.png")
    choose(browser, tmp_path / "huge.png")
    wait(browser, f"{PROBLEM}.includes('6400 x 6400, more than 40,000,000 pixels')")


def test_a_mask_of_points_says_that_there_is_none(browser) -> None:  # noqa: F811
    """It said that the instruction was empty."""
    wait(browser, OPENING)
    ask(browser, "pupils")
    wait(browser, f"{DOTS} === 2")
    browser.find_element("css selector", "#exports [data-kind=mask]").click()
    wait(browser, f"{PROBLEM}.includes('enclose nothing')")


def test_saved_json_is_an_answer_that_python_reads(browser, tmp_path: Path) -> None:  # noqa: F811
    browser.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    wait(browser, OPENING)
    ask(browser, "4 points per eyebrow")
    wait(browser, f"{DOTS} === 8")
    browser.find_element("css selector", "#exports [data-kind=json]").click()
    wait(browser, f"{STATUS} === 'landmarks.json is saved.'")
    for _ in range(50):
        if (tmp_path / "landmarks.json").is_file():
            break
        browser.execute_async_script("setTimeout(arguments[0], 100)")
    assert len(Answer.from_json((tmp_path / "landmarks.json").read_text("utf-8"))) == 8


def test_an_export_opens_a_photo_again_whose_handle_has_ended(browser, address: str) -> None:  # noqa: F811
    """As after the server was started again: it said that no image is open."""
    wait(browser, OPENING)
    ask(browser, "4 points per eyebrow")
    wait(browser, f"{DOTS} === 8")
    browser.execute_async_script(
        "const done = arguments[0];"
        "fetch('/playground/sample.jpg').then((r) => r.blob())"
        "  .then((body) => fetch('/v1/images', { method: 'POST', body, headers: { 'Content-Type': 'image/jpeg' } }))"
        "  .then((r) => r.json()).then(async ({ handle }) => {"
        "    while ((await fetch(`/v1/images/${handle}`, { method: 'DELETE' })).ok);"
        "    done(handle); })"
    )
    browser.find_element("css selector", "#exports [data-kind=csv]").click()
    wait(browser, f"{STATUS} === 'landmarks.csv is saved.'")


def test_all_faces_are_in_sight_until_one_is_chosen_and_the_keyboard_stays_there(
    browser,  # noqa: F811
    tmp_path: Path,
) -> None:
    from selenium.webdriver import Keys

    open_twins(browser, tmp_path)
    frame = browser.find_element("id", "frame").rect
    for box in browser.find_elements("css selector", ".face .edge"):
        assert frame["x"] - 1 <= box.rect["x"]
        assert box.rect["x"] + box.rect["width"] <= frame["x"] + frame["width"] + 1
    browser.execute_script("document.querySelectorAll('.face')[1].focus()")
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    wait(browser, "document.querySelector('.face.chosen')?.dataset.number === '2'")
    wait(browser, "document.activeElement.dataset.number === '2'")
    wait(browser, "!document.querySelector('.view').style.transform.endsWith('scale(1)')")


def test_words_about_faces_go_over_an_earlier_choice(browser, tmp_path: Path) -> None:  # noqa: F811
    """They were put aside without a word."""
    open_twins(browser, tmp_path)
    browser.execute_script("document.querySelectorAll('.face')[1].dispatchEvent(new MouseEvent('click'))")
    wait(browser, "document.querySelector('.face.chosen')?.dataset.number === '2'")
    ask(browser, "nose tip, 4 points on the jaw")
    wait(browser, f"{DOTS} === 5 && document.querySelector('.face.chosen')?.dataset.number === '2'")
    ask(browser, "pupils of face 1")
    wait(browser, f"{DOTS} === 2 && document.querySelector('.face.chosen')?.dataset.number === '1'")
    browser.execute_script("document.querySelectorAll('.face')[1].dispatchEvent(new MouseEvent('click'))")
    wait(browser, "document.querySelector('.face.chosen')?.dataset.number === '2'")
    ask(browser, "pupils of every face")
    wait(browser, f"{DOTS} === 4")


def test_a_box_by_hand_is_given_up_for_the_faces_found(browser, tmp_path: Path) -> None:  # noqa: F811
    open_twins(browser, tmp_path)
    browser.find_element("id", "box").click()
    draw_box(browser, (-150, -80), (100, 120))
    wait(browser, "document.querySelectorAll('.face').length === 1")
    found = browser.find_element("id", "all")
    assert found.text == "Faces as found"
    found.click()
    wait(browser, "document.querySelectorAll('.face').length === 2")
    assert found.text == "All faces"


def test_numbers_of_faces_can_be_read_in_a_crowd_and_at_any_zoom(browser, tmp_path: Path) -> None:  # noqa: F811
    """Of thirty faces they were three pixels high."""
    face = Image.open(ASTRONAUT).crop((130, 20, 330, 240)).resize((150, 165))
    crowd = Image.new("RGB", (2400, 1600), (90, 120, 90))
    for index in range(12):
        crowd.paste(face, (60 + index % 4 * 580, 60 + index // 4 * 500))
    crowd.save(tmp_path / "crowd.jpg")
    wait(browser, OPENING)
    choose(browser, tmp_path / "crowd.jpg")
    wait(browser, "document.querySelectorAll('.face').length === 12")
    height = "document.querySelector('.face[data-number=\"3\"] .tag').getBoundingClientRect().height"
    assert 9 < browser.execute_script(f"return {height}") < 20
    browser.execute_script("document.querySelector('.face[data-number=\"3\"]').dispatchEvent(new MouseEvent('click'))")
    wait(browser, "document.querySelector('.face.chosen')?.dataset.number === '3'")
    wait(browser, "!document.querySelector('.view').style.transform.endsWith('scale(1)')")
    assert 16 < browser.execute_script(f"return {height}") < 20


def test_escape_leaves_drawing_a_box(browser) -> None:  # noqa: F811
    from selenium.webdriver import ActionChains, Keys

    wait(browser, OPENING)
    box = browser.find_element("id", "box")
    box.click()
    assert box.get_attribute("aria-pressed") == "true"
    ActionChains(browser).send_keys(Keys.ESCAPE).perform()
    assert box.get_attribute("aria-pressed") == "false"
    assert browser.execute_script(f"return {STATUS}") == ""


def test_text_is_dragged_into_the_field_and_enter_ends_a_composition(browser) -> None:  # noqa: F811
    wait(browser, OPENING)
    told = browser.execute_script(
        "const field = document.getElementById('instruction'), data = new DataTransfer();"
        "data.setData('text/plain', 'chin');"
        "const ways = { bubbles: true, cancelable: true };"
        "const send = (name) => { const event = new DragEvent(name, { dataTransfer: data, ...ways });"
        "  field.dispatchEvent(event); return event.defaultPrevented; };"
        "const enter = new KeyboardEvent('keydown', { key: 'Enter', isComposing: true, ...ways });"
        "field.dispatchEvent(enter);"
        "return [send('dragover'), send('drop'), !document.getElementById('drop').hidden, enter.defaultPrevented];"
    )
    assert told == [False, False, False, False]


def test_layout_ids_are_known_once_a_key_is_given(browser, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "keys").write_text("a-long-random-key-1")
    with serving("--api-key-file", str(tmp_path / "keys")) as locked:
        browser.get(f"{locked}/#ask=the+300W+layout")
        wait(browser, f"{PROBLEM}.includes('key')")
        browser.execute_script(
            "const key = document.getElementById('key'); key.value = arguments[0];"
            "key.dispatchEvent(new Event('change'))", "a-long-random-key-1",
        )  # fmt: skip
        wait(browser, f"{DOTS} === 68")
        wait(browser, "document.querySelector('#points td').textContent.startsWith('300W 1')")
        browser.find_element("id", "ids").click()
        wait(browser, "document.querySelectorAll('#overlay .id').length === 68")
