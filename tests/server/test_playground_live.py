"""The page's camera in a real Chromium, whose fake camera shows a clip that was made."""

from __future__ import annotations

import base64
import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from faceql.engine import Engine

from ..engine.made_clips import load_made_motion, read_collins, read_hopper
from .conftest import serving
from .test_playground import DOTS, FLAGS, OPENED, OPENING, SAMPLE, SAMPLED, address, ask, pytestmark, wait  # noqa: F401

LIVE = "document.getElementById('caption').textContent.startsWith('Live')"
CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two faces that move, as a file for Chromium's fake camera: JPEGs one after the other."""
    made = load_made_motion()
    dance, slide = made.dance(read_collins(), 60), made.slide(read_hopper(), 60)
    poses = [
        [(0, dance.poses[i][0][1]), (1, made.Pose((540 + 0.3 * i, 330), 40))] for i in (*range(60), *range(59, -1, -1))
    ]
    clip = made.Clip(poses, [*dance.portraits, *slide.portraits], noise=1.0)
    path = tmp_path_factory.mktemp("clip") / "faces.mjpeg"
    with path.open("wb") as stream:
        for frame in clip:
            Image.fromarray(frame).save(stream, "JPEG", quality=92)
    return path


def open_browser(folder: Path, *flags: str):
    from selenium.webdriver import Chrome, ChromeOptions, ChromeService

    options = ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in (*FLAGS, f"--user-data-dir={folder / 'profile'}", *flags):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return Chrome(options=options, service=ChromeService(shutil.which("chromedriver")))


@pytest.fixture
def browser(tmp_path: Path, address: str, clip: Path) -> Iterator[object]:  # noqa: F811
    """The page with a camera that shows the clip."""
    driver = open_browser(tmp_path, *CAMERA, f"--use-file-for-fake-video-capture={clip}")
    driver.get(address)
    yield driver
    driver.quit()


def text_of(browser, name: str) -> str:
    return browser.find_element("id", name).text


def start(browser) -> None:
    wait(browser, OPENING)
    browser.find_element("id", "camera").click()
    wait(browser, f"{LIVE} && {OPENING}")


def read_picture(browser) -> tuple[np.ndarray, np.ndarray]:
    """Return the picture that is shown and the points (N, 2) drawn over it, of one moment."""
    data, points = browser.execute_script(
        "return [document.getElementById('moving').toDataURL('image/png'),"
        " [...document.querySelectorAll('#overlay .dot')].map(d => ['cx', 'cy'].map(at => +d.getAttribute(at)))]"
    )
    picture = Image.open(io.BytesIO(base64.b64decode(data.partition(",")[2]))).convert("RGB")
    return np.asarray(picture), np.array(points)


def test_points_lie_on_the_moving_face(browser, tmp_path: Path) -> None:
    start(browser)
    engine = Engine("cpu")
    middles = []
    for _ in range(5):
        picture, drawn = read_picture(browser)
        assert picture.shape == (480, 640, 3)
        asked = engine.ask(picture, browser.find_element("id", "instruction").get_attribute("value"))
        assert len(drawn) == len(asked) == OPENED
        # Of that very frame, to what smoothing may change.
        assert np.median(np.linalg.norm(drawn - asked.xy, axis=1)) < 2.5
        middles.append(drawn.mean(axis=0))
        browser.execute_async_script("setTimeout(arguments[0], 400)")
    assert np.ptp(middles, axis=0).max() > 10, "it moves"
    rate = float(re.search(r"([\d.]+) frames a second", text_of(browser, "caption"))[1])
    assert rate > 0.3
    assert text_of(browser, "status") == "1 face followed."
    browser.save_screenshot(str(tmp_path / "live.png"))


def test_the_question_changes_while_the_camera_is_on(browser) -> None:
    start(browser)
    ask(browser, "30 points on the outer lip as a polygon")
    wait(browser, f"{DOTS} === 30 && document.querySelectorAll('#overlay polygon').length === 1")
    assert text_of(browser, "canonical") == "outer_lip * 30 | polygon"
    # A mistake is told, and what was asked goes on.
    ask(browser, "10 points along the noze")
    wait(browser, "!document.getElementById('problem').hidden")
    assert "30 points on the outer lip" in text_of(browser, "stale")
    moves = "document.querySelector('#overlay .dot').getAttribute('cx')"
    before = browser.execute_script(f"return {moves}")
    wait(browser, f"{moves} !== '{before}' && {DOTS} === 30")
    browser.find_element("css selector", "#problem .say").click()
    wait(browser, f"{DOTS} === 10 && document.getElementById('problem').hidden")
    ask(browser, "40 points on the outer lip; 20 points per eyebrow")
    wait(browser, f"{DOTS} === 80")
    browser.find_element("id", "makeup").click()
    wait(browser, "document.querySelectorAll('#paint .makeup').length === 3")
    browser.find_element("id", "makeup").click()
    browser.find_element("id", "all").click()
    wait(browser, f"{DOTS} === 160 && document.getElementById('status').textContent === '2 faces followed.'")
    browser.find_element("id", "all").click()
    wait(browser, f"{DOTS} === 80")


def test_the_picture_is_taken_or_the_camera_stopped(browser) -> None:
    cameras = "document.getElementById('moving').hidden"
    start(browser)
    browser.find_element("id", "stop").click()
    wait(browser, f"{cameras} && {SAMPLED}")
    start(browser)
    browser.find_element("id", "shoot").click()
    wait(browser, f"{cameras} && {OPENING} && document.getElementById('caption').textContent.startsWith('640')")
    assert browser.find_element("id", "camera").is_enabled()
    start(browser)
    browser.find_element("id", "sample").click()
    wait(browser, f"{cameras} && {SAMPLED}")
    # Nothing goes on behind it.
    browser.execute_async_script("setTimeout(arguments[0], 500)")
    assert text_of(browser, "caption").startswith(str(SAMPLE))


def test_the_camera_starts_on_a_click_and_frames_go_to_this_server_alone(browser, address: str) -> None:  # noqa: F811
    import json

    browser.get("about:blank")
    browser.execute_cdp_cmd(
        "Page.addScriptToEvaluateOnNewDocument",
        {
            "source": "window.asked = 0; const get = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);"
            "navigator.mediaDevices.getUserMedia = (wanted) => { window.asked++; return get(wanted); }"
        },
    )
    browser.get(address)
    wait(browser, OPENING)
    assert browser.execute_script("return window.asked") == 0
    assert f"this server, {address.removeprefix('http://')}," in text_of(browser, "promise")
    start(browser)
    assert browser.execute_script("return window.asked") == 1
    requested, sockets = [], []
    for entry in browser.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent" and message["params"]["documentURL"].startswith(address):
            requested.append(message["params"]["request"]["url"])
        if message["method"] == "Network.webSocketCreated":
            sockets.append(message["params"]["url"])
    assert [url for url in requested if not url.startswith((address, "blob:", "data:"))] == []
    assert set(sockets) == {f"{address.replace('http', 'ws')}/v1/track"}
    complaints = [entry for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
    assert complaints == []


def test_a_server_that_is_gone_and_comes_back(browser) -> None:
    start(browser)
    browser.execute_script(
        "window.Real = WebSocket; window.WebSocket = class extends EventTarget {"
        " constructor() { super(); setTimeout(() => this.dispatchEvent(new Event('close')), 50); } close() {} }"
    )
    ask(browser, "pupils")
    assert "broke off" in wait(
        browser, "!document.getElementById('problem').hidden && document.getElementById('problem').textContent"
    )
    assert browser.execute_script(f"return {DOTS}") == 0
    browser.execute_script("window.WebSocket = window.Real")
    ask(browser, "pupils")
    wait(browser, f"{DOTS} === 2 && document.getElementById('problem').hidden")


@pytest.mark.parametrize(("flags", "words"), [((), "no camera"), (CAMERA[:1], "did not let")])
def test_no_camera_is_told_in_words(tmp_path: Path, address: str, flags: tuple[str, ...], words: str) -> None:  # noqa: F811
    driver = open_browser(tmp_path, *flags)
    try:
        driver.get(address)
        wait(driver, OPENING)
        driver.find_element("id", "camera").click()
        problem = "document.getElementById('problem')"
        assert words in wait(driver, f"!{problem}.hidden && {problem}.textContent")
        assert driver.find_element("id", "camera").is_enabled()
        assert driver.execute_script(f"return {DOTS}") == OPENED
    finally:
        driver.quit()


def test_a_key_goes_with_the_first_message(tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = "a key of sixteen or more letters"
    monkeypatch.setenv("FACEQL_API_KEYS", key)
    with serving() as address:  # noqa: F811
        driver = open_browser(tmp_path, *CAMERA, f"--use-file-for-fake-video-capture={clip}")
        try:
            driver.get(address)
            wait(driver, "document.getElementById('key-box').open")
            driver.find_element("id", "key").send_keys(key)
            driver.find_element("id", "camera").click()
            wait(driver, f"{LIVE} && {OPENING}")
        finally:
            driver.quit()
