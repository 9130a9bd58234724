"""The playground in a real headless Chromium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import ASTRONAUT, serving

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed"),
    pytest.mark.skipif(shutil.which("chromedriver") is None, reason="chromedriver is not installed"),
]
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1280,900",
)  # fmt: skip


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The server as users start it, with the shipped weights."""
    with serving() as at:
        yield at


@pytest.fixture
def browser(tmp_path: Path, address: str) -> Iterator[object]:
    from selenium.webdriver import Chrome, ChromeOptions, ChromeService

    options = ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in (*FLAGS, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options=options, service=ChromeService(shutil.which("chromedriver")))
    driver.get(address)
    yield driver
    driver.quit()


def point_at(browser, selector: str, kind: str = "pointermove") -> None:
    """Send pointer events at the middle of an element, as a mouse would."""
    browser.execute_script(
        "const box = document.querySelector(arguments[0]).getBoundingClientRect();"
        "const place = { clientX: box.left + box.width / 2, clientY: box.top + box.height / 2, bubbles: true,"
        "  pointerId: 1, pointerType: 'mouse' };"
        "document.getElementById('frame').dispatchEvent(new PointerEvent(arguments[1], place))",
        selector, kind,
    )  # fmt: skip


def wait(browser, script: str, seconds: float = 90):
    """Wait until a script's result is true, and return it."""
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(browser, seconds).until(lambda driver: driver.execute_script(f"return {script}"))


def ask(browser, instruction: str) -> None:
    field = browser.find_element("id", "instruction")
    browser.execute_script("arguments[0].value = arguments[1]", field, instruction)
    browser.find_element("id", "ask").click()


def draw_box(browser, start: tuple[int, int], size: tuple[int, int]) -> None:
    """Draw a box from a place, in px from the middle of the photo's frame."""
    from selenium.webdriver import ActionChains

    frame = browser.find_element("id", "frame")
    drawing = ActionChains(browser).move_to_element_with_offset(frame, *start).click_and_hold()
    drawing.move_by_offset(*size).release().perform()


DOTS = "document.querySelectorAll('#overlay .dot').length"
# The sample photo is asked about as the page opens: its width, and the points of that ask.
SAMPLE, OPENED = 1280, 177
OPENING = f"{DOTS} === {OPENED}"
SAMPLED = f"document.getElementById('caption').textContent.startsWith('{SAMPLE}') && {OPENING}"


def test_the_page_asks_draws_and_explains(browser, address: str, tmp_path: Path) -> None:
    wait(browser, SAMPLED)
    assert (
        browser.find_element("id", "canonical").text
        == "left_eye * 16 | polygon; right_eye * 16 | polygon; left_eyebrow * 16 | polygon; "
        "right_eyebrow * 16 | polygon; outer_lip * 40; inner_lip * 40; face_contour * 33"
    )
    assert "CC BY-SA 3.0" in browser.find_element("id", "credit").text
    browser.find_element("id", "file").send_keys(str(ASTRONAUT))
    wait(browser, f"document.getElementById('caption').textContent.startsWith('512') && {OPENING}")
    assert not browser.find_element("id", "credit").is_displayed()
    ask(browser, "her left eyebrow as a polygon, 9 points")
    wait(browser, f"{DOTS} === 9 && document.querySelectorAll('#overlay polygon').length === 1")
    assert browser.find_element("id", "canonical").text == "right_eyebrow * 9 | polygon"
    assert browser.find_element("id", "caption").text.startswith("512 \u00d7 512 pixels")
    # Where the dots are drawn is where the answer says.
    rows = browser.find_elements("css selector", "#points tr")
    x, y = (float(cell.text) for cell in rows[0].find_elements("tag name", "td")[1:3])
    left, top, width, at_x, at_y = browser.execute_script(
        "const box = document.getElementById('photo').getBoundingClientRect();"
        "const dot = document.querySelector('#overlay .dot').getBoundingClientRect();"
        "return [box.left, box.top, box.width, dot.left + dot.width / 2, dot.top + dot.height / 2]"
    )
    # The face fills the frame; the whole photo is a click away.
    assert width > 1.5 * browser.execute_script("return document.getElementById('frame').clientWidth")
    assert at_x == pytest.approx(left + (x + 0.5) * width / 512, abs=1.0)
    assert at_y == pytest.approx(top + (y + 0.5) * width / 512, abs=1.0)
    # A mistake is shown with its caret.
    ask(browser, "10 points along the noze")
    wait(browser, "!document.getElementById('problem').hidden")
    text, carets = browser.execute_script("return document.querySelector('#problem pre').textContent").split("\n")
    assert text == "10 points along the noze"
    assert "noze" in text[carets.index("^") : carets.rindex("^") + 1]
    assert "nose" in browser.find_element("css selector", "#problem .suggestion").text
    # The last good answer stays in sight, and says that it is not of these words.
    assert browser.execute_script(f"return {DOTS}") == 9
    assert "her left eyebrow" in browser.find_element("id", "stale").text
    # Of a long one, the words at fault are in sight; what is no name is told as it is.
    ask(browser, "4 points per eyebrow and then also 3 points on the teeth")
    wait(browser, "document.querySelector('#problem').textContent.includes('teeth')")
    pre = browser.find_element("css selector", "#problem pre")
    text, carets = browser.execute_script("return arguments[0].textContent", pre).split("\n")
    assert text[carets.index("^") : carets.rindex("^") + 1] == "teeth"
    assert browser.execute_script("return arguments[0].scrollWidth <= arguments[0].clientWidth", pre)
    assert not browser.find_element("css selector", "#problem .suggestion").text.startswith("Did you mean")
    # An upload, and words that look like markup.
    browser.find_element("id", "file").send_keys(str(ASTRONAUT))
    wait(browser, "document.getElementById('problem').hidden === false")
    ask(browser, "<img src=x onerror=alert(1)>")
    wait(browser, "document.querySelector('#problem').textContent.includes('<img')")
    assert browser.execute_script("return document.querySelectorAll('#problem img').length") == 0
    ask(browser, "the 300W layout")
    wait(browser, f"{DOTS} === 68")
    shot = Path(os.environ.get("FACEQL_SCREENSHOT", tmp_path / "playground.png"))
    browser.save_screenshot(str(shot))
    assert shot.stat().st_size > 20_000


def test_it_fits_a_phone(browser, tmp_path: Path) -> None:
    metrics = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    wait(browser, OPENING)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
    order = "['.ask', '.stage', '.result', '.try'].map(x => document.querySelector(x).getBoundingClientRect().top)"
    tops = browser.execute_script(f"return {order}")
    assert tops == sorted(tops)


def test_no_request_leaves_and_no_script_is_blocked(browser, address: str) -> None:
    import json

    wait(browser, DOTS)
    requested = []
    for entry in browser.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        # Chromium's own first tab asks for things too.
        if message["method"] == "Network.requestWillBeSent" and message["params"]["documentURL"].startswith(address):
            requested.append(message["params"]["request"]["url"])
    assert any("/v1/ask" in url for url in requested)
    assert [url for url in requested if not url.startswith((address, "blob:", "data:"))] == []
    complaints = [entry for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
    assert complaints == []
    policy = browser.execute_script(
        "return fetch('/').then(response => response.headers.get('content-security-policy'))"
    )
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    # Strict: what a page might be tricked into is not run.
    assert browser.execute_script(
        "const node = document.createElement('script'); try { node.text = 'window.evil = 1' } catch (error) {}"
        "document.body.append(node); return window.evil === undefined"
    )


def hold_uploads(browser) -> None:
    """Let the first upload wait until `window.letGo()`, and count them."""
    browser.execute_script(
        "const send = window.fetch; window.uploads = 0; window.asks = 0;"
        "const gate = new Promise((go) => { window.letGo = go; });"
        "window.fetch = async (path, options) => {"
        "  if (path === '/v1/images' && ++window.uploads === 1) await gate;"
        "  if (path === '/v1/ask') window.asks++;"
        "  return send(path, options); }"
    )


def make_photo_file(folder: Path, name: str, **options: object) -> str:
    """Write the astronaut, mirrored and on a wider ground, so that nothing about it is like the sample."""
    from PIL import Image, ImageOps

    picture = Image.new("RGB", (900, 600), "grey")
    picture.paste(ImageOps.mirror(Image.open(ASTRONAUT)), (380, 60))
    picture.save(folder / name, **options)
    return str(folder / name)


def test_an_upload_that_comes_late_is_not_taken_for_the_photo_shown(browser, tmp_path: Path) -> None:
    wait(browser, OPENING)
    hold_uploads(browser)
    browser.find_element("id", "file").send_keys(make_photo_file(tmp_path, "slow.png"))
    wait(browser, "window.uploads === 1")
    browser.find_element("id", "sample").click()
    wait(browser, f"document.getElementById('photo').naturalWidth === {SAMPLE}")
    wait(browser, SAMPLED)
    browser.execute_script("window.letGo()")
    browser.execute_async_script("setTimeout(arguments[0], 1500)")
    ask(browser, "pupils")
    wait(browser, f"{DOTS} === 2")
    assert browser.execute_script("return document.getElementById('photo').naturalWidth") == SAMPLE
    assert browser.find_element("id", "caption").text.startswith(f"{SAMPLE} \u00d7 {SAMPLE} pixels")
    assert float(browser.find_elements("css selector", "#points td")[1].text) == pytest.approx(579, abs=20)


def test_a_sample_that_comes_late_does_not_replace_a_chosen_file(browser, tmp_path: Path) -> None:
    wait(browser, OPENING)
    browser.execute_script(
        "const send = window.fetch; const gate = new Promise((go) => { window.letGo = go; });"
        "window.fetch = async (path, options) => { const got = await send(path, options);"
        "  if (path === '/playground/sample.jpg') await gate; return got; }"
    )
    browser.find_element("id", "sample").click()
    browser.find_element("id", "file").send_keys(make_photo_file(tmp_path, "own.png"))
    wait(browser, "document.getElementById('caption').textContent.startsWith('900')")
    browser.execute_script("window.letGo()")
    browser.execute_async_script("setTimeout(arguments[0], 500)")
    assert browser.execute_script("return document.getElementById('photo').naturalWidth") == 900


def test_asking_during_an_upload_uploads_once(browser, tmp_path: Path) -> None:
    from selenium.webdriver.common.keys import Keys

    wait(browser, OPENING)
    hold_uploads(browser)
    browser.find_element("id", "file").send_keys(make_photo_file(tmp_path, "slow.png"))
    for _ in range(3):
        browser.find_element("id", "instruction").send_keys(Keys.ENTER)
    browser.execute_async_script("setTimeout(arguments[0], 500)")
    browser.execute_script("window.letGo()")
    wait(browser, "document.getElementById('caption').textContent.startsWith('900')")
    assert browser.execute_script("return window.uploads") == 1


def test_the_same_file_can_be_chosen_twice(browser, tmp_path: Path) -> None:
    path = make_photo_file(tmp_path, "own.png")
    wait(browser, OPENING)
    for _ in range(2):
        browser.find_element("id", "file").send_keys(path)
        wait(browser, "document.getElementById('caption').textContent.startsWith('900')")
        browser.find_element("id", "sample").click()
        wait(browser, SAMPLED)


@pytest.mark.parametrize("name", ["photo.tiff", "photo.heic"])
def test_a_photo_that_the_browser_cannot_show_is_shown_by_the_server(browser, tmp_path: Path, name: str) -> None:
    if name.endswith("heic"):
        pytest.importorskip("pillow_heif").register_heif_opener()
    wait(browser, OPENING)
    browser.find_element("id", "file").send_keys(make_photo_file(tmp_path, name))
    wait(browser, "document.getElementById('photo').naturalWidth === 900")
    wait(browser, f"document.getElementById('caption').textContent.startsWith('900') && {OPENING}")


def test_a_server_that_is_gone_and_a_proxy_that_answers(browser) -> None:
    wait(browser, OPENING)
    browser.execute_script("window.send = window.fetch; window.fetch = async () => { throw new TypeError('offline'); }")
    browser.find_element("id", "sample").click()
    assert "cannot be reached" in wait(browser, "document.getElementById('problem').textContent")
    browser.execute_script(
        "window.fetch = async () => new Response('<html>Bad Gateway</html>', "
        "{ status: 502, statusText: 'Bad Gateway', headers: { 'Content-Type': 'text/html' } })"
    )
    ask(browser, "pupils")
    text = wait(browser, "document.getElementById('problem').textContent.includes('502') && "
                "document.getElementById('problem').textContent")  # fmt: skip
    assert "Bad Gateway" in text
    assert "cannot be reached" not in text
    # What was answered before is still there, and the page mends itself.
    assert browser.execute_script(f"return {DOTS}") == OPENED
    browser.execute_script("window.fetch = window.send")
    ask(browser, "pupils")
    wait(browser, f"{DOTS} === 2 && document.getElementById('problem').hidden")
    severe = [entry for entry in browser.get_log("browser") if "Uncaught" in entry["message"]]
    assert severe == []


def test_holes_stay_open_and_dots_of_unseen_points_hollow(browser, tmp_path: Path) -> None:
    wait(browser, f"{DOTS} > 0")
    ask(browser, "40 points on the lips without the mouth opening as a polygon")
    wait(browser, f"{DOTS} === 40 && document.querySelectorAll('#overlay path').length === 1")
    path = browser.find_element("css selector", "#overlay path")
    assert path.get_attribute("fill-rule") == "evenodd"
    assert path.get_attribute("d").count("Z") == 2
    ask(browser, "the 300W layout")
    wait(browser, f"{DOTS} === 68")
    unseen = browser.find_elements("css selector", "#overlay .dot.unseen")
    assert 0 < len(unseen) < 20, "hair hides the jaw's ends"
    assert {dot.get_attribute("fill") for dot in unseen} == {"none"}
    point_at(browser, "#overlay .dot.unseen")
    assert browser.find_element("id", "tip").text.endswith("px, probably hidden")
    assert f"{len(unseen)} of 68 points are probably not seen" in browser.find_element("id", "notes").text
    ask(browser, "the 300W layout, visible landmarks only")
    wait(browser, f"{DOTS} === {68 - len(unseen)}")
    browser.save_screenshot(str(tmp_path / "page.png"))
