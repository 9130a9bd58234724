"""What the page offers beside an ask, in a real Chromium: faces, boxes, zoom, names, layers, exports, links, access."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from .conftest import ASTRONAUT
from .test_playground import DOTS, OPENED, OPENING, SAMPLE, address, ask, browser, draw_box, point_at, pytestmark, wait  # noqa: F401

AXE = "axe-core@4.11.0"


def make_pair(folder: Path) -> str:
    """Write a photo of two faces."""
    from PIL import Image

    pair = Image.new("RGB", (1000, 512))
    pair.paste(Image.open(ASTRONAUT).convert("RGB"))
    hopper = Image.open(ASTRONAUT.parent / "hopper.jpg").convert("RGB")
    pair.paste(hopper.resize((480, round(480 * hopper.height / hopper.width))), (520, 0))
    pair.save(folder / "pair.png")
    return str(folder / "pair.png")


def text_of(browser, name: str) -> str:  # noqa: F811
    return browser.find_element("id", name).text


def test_faces_are_clicked_and_all_are_asked(browser, tmp_path: Path) -> None:  # noqa: F811
    wait(browser, OPENING)
    browser.find_element("id", "file").send_keys(make_pair(tmp_path))
    wait(browser, "document.querySelectorAll('#overlay .face').length === 2")
    assert "1 more face" in text_of(browser, "status")
    labels = browser.execute_script(
        "return [...document.querySelectorAll('#overlay .face text')].map(x => x.textContent)"
    )
    assert labels == ["1", "2"]
    for number in ("1", "2"):
        browser.execute_script(
            "document.querySelectorAll('#overlay .face')[arguments[0]].dispatchEvent(new MouseEvent('click'))",
            int(number) - 1,
        )
        wait(browser, f"document.querySelector('#overlay .chosen text')?.textContent === '{number}' && {OPENING}")
    browser.find_element("id", "all").click()
    wait(browser, f"{DOTS} === {2 * OPENED}")
    assert "2 faces" in text_of(browser, "caption")


def test_a_box_drawn_by_hand(browser, tmp_path: Path) -> None:  # noqa: F811
    from PIL import Image

    wait(browser, OPENING)
    Image.new("RGB", (400, 400), "grey").save(tmp_path / "grey.png")
    browser.find_element("id", "file").send_keys(str(tmp_path / "grey.png"))
    wait(browser, "document.getElementById('problem').textContent.includes('no face')")
    browser.find_element("css selector", "#problem button").click()
    draw_box(browser, (-100, -100), (120, 150))
    wait(browser, OPENING)
    side = browser.execute_script("return document.getElementById('frame').clientWidth")
    box = browser.execute_script(
        "const edge = document.querySelector('#overlay .edge');"
        "return ['x', 'y', 'width', 'height'].map(name => +edge.getAttribute(name))"
    )
    assert box == pytest.approx([199.5 - 40000 / side, 199.5 - 40000 / side, 48000 / side, 60000 / side], abs=1.5)


def test_a_point_tells_its_name_and_its_layout_id(browser) -> None:  # noqa: F811
    wait(browser, OPENING)
    ask(browser, "the 300W layout")
    wait(browser, f"{DOTS} === 68")
    point_at(browser, '#overlay .dot[data-index="36"]')
    assert text_of(browser, "tip").startswith("300W 37 · left eye outer corner: ")
    assert "±" in text_of(browser, "tip")
    assert browser.execute_script("return document.querySelector('tr.marked td').textContent").startswith("300W 37")
    browser.find_element("id", "ids").click()
    ids = browser.execute_script("return [...document.querySelectorAll('#overlay .id')].map(x => x.textContent)")
    assert ids == [str(number) for number in range(1, 69)]
    ask(browser, "WFLW points 61 to 64, 68")
    wait(browser, f"{DOTS} === 5")
    ids = browser.execute_script("return [...document.querySelectorAll('#overlay .id')].map(x => x.textContent)")
    assert ids == ["61", "62", "63", "64", "68"]


def test_zoom_and_pan(browser) -> None:  # noqa: F811
    wait(browser, OPENING)
    width = "document.getElementById('photo').getBoundingClientRect().width"
    browser.find_element("id", "fit").click()
    whole = browser.execute_script(f"return {width}")
    browser.find_element("id", "in").click()
    assert browser.execute_script(f"return {width}") == pytest.approx(1.4 * whole, rel=0.01)
    browser.execute_script(
        "const frame = document.getElementById('frame'), box = frame.getBoundingClientRect();"
        "frame.dispatchEvent(new WheelEvent('wheel', { deltaY: -400, clientX: box.left + 100, clientY: box.top + 100,"
        " cancelable: true }))"
    )
    assert browser.execute_script(f"return {width}") == pytest.approx(1.4 * 2.71828 * whole, rel=0.01)
    left = "document.getElementById('photo').getBoundingClientRect().left"
    before = browser.execute_script(f"return {left}")
    browser.find_element("id", "frame").send_keys("\ue014")
    assert browser.execute_script(f"return {left}") < before


def test_many_points_are_a_line_and_not_a_smear(browser) -> None:  # noqa: F811
    wait(browser, OPENING)
    radius = "+document.querySelector('#overlay .dot').getAttribute('r')"
    few = browser.execute_script(f"return {radius}")
    ask(browser, "200 points on the outer lip")
    wait(browser, f"{DOTS} === 200")
    assert browser.execute_script(f"return {radius}") < 0.45 * few


def test_suggestions_are_clicked(browser) -> None:  # noqa: F811
    wait(browser, OPENING)
    ask(browser, "10 points along the noze")
    wait(browser, "document.querySelectorAll('#problem .say').length > 0")
    browser.find_element("css selector", "#problem .say").click()
    wait(browser, f"{DOTS} === 10 && document.getElementById('problem').hidden")
    assert "nose" in browser.execute_script("return document.getElementById('instruction').value")


def test_layers_makeup_and_links(browser, address: str) -> None:  # noqa: F811
    wait(browser, OPENING)
    browser.find_element("id", "keep").click()
    ask(browser, "pupils")
    wait(browser, f"{DOTS} === 2 && document.querySelectorAll('#overlay .old').length === {OPENED}")
    browser.find_element("css selector", "#layers button").click()
    assert browser.execute_script("return document.querySelectorAll('#overlay .old').length") == 0
    ask(browser, "30 points on the outer lip; 20 points per eyebrow")
    wait(browser, f"{DOTS} === 70")
    browser.find_element("id", "makeup").click()
    assert browser.execute_script("return document.querySelectorAll('#paint .makeup').length") == 3
    link = browser.current_url
    assert "ask=30+points" in link
    browser.get("about:blank")
    browser.get(link)
    wait(browser, f"{DOTS} === 70")


def test_lipstick_leaves_the_mouth_open_and_is_mixed_with_the_photo(browser) -> None:  # noqa: F811
    wait(browser, OPENING)
    browser.find_element("id", "makeup").click()
    for instruction, rings in (
        ("lips without the mouth opening as a polygon", 2),
        ("outer lip, 30 points; inner lip, 30 points", 2),
        ("30 points on the outer lip", 1),
    ):
        ask(browser, instruction)
        wait(browser, f"{DOTS} === 0 && document.getElementById('legend').textContent.includes('lip')")
        wait(browser, "document.getElementById('stale').hidden && document.getElementById('status').textContent"
                      ".endsWith('face.')")  # fmt: skip
        paths = browser.find_elements("css selector", "#paint .makeup")
        assert [path.get_attribute("d").count("Z") for path in paths] == [rings], instruction
    assert paths[0].get_attribute("fill-rule") == "evenodd"
    blend = "return getComputedStyle(document.getElementById('paint')).mixBlendMode"
    assert browser.execute_script(blend) == "multiply"
    # Blush on a cheek that was outlined; no paint on what is only dotted.
    ask(browser, "outline of the left cheek; nose bridge, 20 points")
    wait(browser, "document.getElementById('legend').textContent.includes('cheek')")
    assert len(browser.find_elements("css selector", "#paint .makeup")) == 1


def test_both_lefts_side_by_side(browser) -> None:  # noqa: F811
    wait(browser, OPENING)
    twins = "document.querySelectorAll('#twin-overlay .dot').length"
    choose = (
        "const side = document.getElementById('perspective'); side.value = arguments[0];"
        "side.dispatchEvent(new Event('change'))"
    )
    browser.execute_script(choose, "both")
    # Where nothing depends on it, one photo is enough.
    wait(browser, f"{OPENING} && !document.getElementById('same').hidden")
    assert not browser.find_element("id", "twin").is_displayed()
    ask(browser, "left eyebrow, 9 points")
    wait(browser, f"{DOTS} === 9 && {twins} === 9")
    assert not browser.find_element("id", "same").is_displayed()
    assert text_of(browser, "side") == "\u201cleft\u201d is the picture's"
    assert (text_of(browser, "canonical"), text_of(browser, "twin-canonical")) == (
        "left_eyebrow * 9", "right_eyebrow * 9",
    )  # fmt: skip
    place = "document.querySelector(arguments[0]).getBoundingClientRect()"
    boxes = [
        browser.execute_script(f"const box = {place}; return [box.left, box.top, box.width, box.height]", selector)
        for selector in ("#frame", "#twin-frame", "#overlay .dot", "#twin-overlay .dot")
    ]
    first, second, dot, twin_dot = boxes
    assert first[1:] == pytest.approx(second[1:], abs=1), "beside each other, of one size"
    assert first[0] + first[2] < second[0]
    assert dot[0] - first[0] < first[2] / 2 < twin_dot[0] - second[0]
    # They are zoomed together, by the buttons and by a wheel over either.
    photos = "return ['#photo', '#twin-frame .photo'].map(name => document.querySelector(name).getBoundingClientRect().width)"  # noqa: E501
    browser.find_element("id", "fit").click()
    whole = browser.execute_script(photos)
    browser.find_element("id", "in").click()
    assert browser.execute_script(photos) == pytest.approx([1.4 * side for side in whole], rel=0.01)
    browser.execute_script(
        "const frame = document.getElementById('twin-frame'), box = frame.getBoundingClientRect();"
        "frame.dispatchEvent(new WheelEvent('wheel', { deltaY: -400, clientX: box.left + 50, clientY: box.top + 50,"
        " cancelable: true }))"
    )
    assert browser.execute_script(photos) == pytest.approx([1.4 * 2.71828 * side for side in whole], rel=0.01)
    # A link holds it, and one reading is one photo again.
    link = browser.current_url
    assert "perspective=both" in link
    browser.get("about:blank")
    browser.get(link)
    wait(browser, f"{DOTS} === 9 && {twins} === 9")
    browser.execute_script(choose, "subject")
    wait(browser, f"{twins} === 0 && document.getElementById('canonical').textContent === 'right_eyebrow * 9'")
    assert not browser.find_element("id", "twin").is_displayed()
    # What was asked for as left is called right: the page says why.
    wait(browser, "document.getElementById('notes').textContent.includes('named by the picture')")
    # A link that says nothing of it means the picture's.
    browser.execute_script("location.hash = 'ask=left+eye'")
    wait(browser, "document.getElementById('canonical').textContent === 'left_eye * 8'")
    assert browser.find_element("id", "perspective").get_attribute("value") == "viewer"
    assert "named by" not in browser.find_element("id", "notes").text


def test_exports_and_snippets(browser, tmp_path: Path) -> None:  # noqa: F811
    folder = tmp_path / "saved"
    folder.mkdir()
    browser.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)})
    wait(browser, OPENING)
    ask(browser, "4 points per eyebrow")
    wait(browser, f"{DOTS} === 8")
    heads = {
        "landmarks.json": b'{"schema_version"',
        "landmarks.csv": b"index,",
        "landmarks.svg": b"<svg",
        "landmarks.png": b"\x89PNG",
        "mask.png": b"\x89PNG",
    }
    for name, head in heads.items():
        kind = "mask" if name == "mask.png" else name.partition(".")[2]
        browser.find_element("css selector", f"#exports [data-kind={kind}]").click()
        wait(browser, f"document.getElementById('status').textContent === '{name} is saved.'")
        for _ in range(50):
            if (folder / name).is_file():
                break
            browser.execute_async_script("setTimeout(arguments[0], 100)")
        assert (folder / name).read_bytes().startswith(head)
    for kind, words in (
        ("python", "faceql.Engine()"),
        ("client", "faceql.Client("),
        ("curl", "--form-string 'instruction="),
        ("javascript", "askLandmarks"),
        ("mcp", '"ask_landmarks"'),
    ):
        browser.execute_script(
            "const kind = document.getElementById('snippet-kind'); kind.value = arguments[0];"
            "kind.dispatchEvent(new Event('change'))", kind,
        )  # fmt: skip
        snippet = browser.execute_script("return document.getElementById('snippet').textContent")
        assert words in snippet
        assert "4 points per eyebrow" in snippet
        if kind in ("python", "client"):
            compile(snippet, kind, "exec")
        if kind == "mcp":
            json.loads(snippet)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_curl_snippet_asks_the_same(browser, tmp_path: Path) -> None:  # noqa: F811
    wait(browser, OPENING)
    ask(browser, "cupid's bow; left pupil, left eye")
    wait(browser, f"{DOTS} === 10")
    browser.execute_script(
        "const side = document.getElementById('perspective'); side.value = 'subject';"
        "side.dispatchEvent(new Event('change'));"
        "const kind = document.getElementById('snippet-kind'); kind.value = 'curl';"
        "kind.dispatchEvent(new Event('change'))"
    )
    wait(browser, "document.getElementById('snippet').textContent.includes('subject')")
    snippet = browser.execute_script("return document.getElementById('snippet').textContent")
    shutil.copy(ASTRONAUT, tmp_path / "photo.jpg")
    done = subprocess.run(["sh", "-c", snippet], cwd=tmp_path, capture_output=True, timeout=60, check=True)
    assert json.loads(done.stdout)["answers"][0]["canonical"] == text_of(browser, "canonical")


def test_drop_and_paste(browser, tmp_path: Path) -> None:  # noqa: F811
    wait(browser, OPENING)
    for event, place in (("drop", "dataTransfer"), ("paste", "clipboardData")):
        browser.execute_async_script(
            "const [event, place, done] = arguments;"
            "fetch('/playground/sample.jpg').then(r => r.blob()).then(async (blob) => {"
            "  const data = new DataTransfer();"
            "  data.items.add(new File([blob], `by ${event}.jpg`, { type: 'image/jpeg' }));"
            "  const Kind = event === 'drop' ? DragEvent : ClipboardEvent;"
            "  window.dispatchEvent(new Kind(event, { [place]: data, cancelable: true, bubbles: true })); done(); })",
            event, place,
        )  # fmt: skip
        caption = "by drop.jpg" if event == "drop" else "Pasted"
        assert text_of(browser, "caption").startswith((caption, str(SAMPLE)))
        wait(browser, f"document.getElementById('caption').textContent.startsWith('{SAMPLE}') && {OPENING}")


def test_on_a_phone_targets_are_large_and_the_answer_comes_into_view(browser, address: str) -> None:  # noqa: F811
    metrics = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.get("about:blank")
    browser.get(address)
    wait(browser, OPENING)
    small = browser.execute_script(
        "return [...document.querySelectorAll('button, .button, select, .options label, summary')]"
        ".filter(x => x.offsetParent && x.getBoundingClientRect().height < 40).map(x => x.textContent.trim())"
    )
    assert small == []
    browser.execute_script("scrollTo(0, 0)")
    ask(browser, "pupils")
    wait(browser, f"{DOTS} === 2")
    browser.execute_async_script("setTimeout(arguments[0], 1200)")
    top, bottom = browser.execute_script(
        "const box = document.getElementById('frame').getBoundingClientRect(); return [box.top, box.bottom]"
    )
    assert top >= -1
    assert bottom <= 845
    assert text_of(browser, "status") == "2 points on 1 face."


def test_fingers_scroll_the_page_tap_points_and_pinch_the_photo(browser, address: str) -> None:  # noqa: F811
    metrics = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 5})
    browser.get("about:blank")
    browser.get(address)
    wait(browser, OPENING)
    browser.execute_script("document.getElementById('frame').scrollIntoView({ block: 'center' })")

    def place(selector: str) -> tuple[float, float]:
        script = "const box = document.querySelector(arguments[0]).getBoundingClientRect();"
        script += "return [box.left + box.width / 2, box.top + box.height / 2]"
        return tuple(browser.execute_script(script, selector))

    def touch(kind: str, *fingers: tuple[float, float]) -> None:
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(fingers)]
        browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def swipe(x: float, y: float, by: float) -> None:
        touch("touchStart", (x, y))
        for step in range(1, 11):
            touch("touchMove", (x, y + by * step / 10))
        touch("touchEnd")

    touch("touchStart", place('#overlay .dot[data-index="160"]'))
    touch("touchEnd")
    assert text_of(browser, "tip").startswith("chin tip")
    # A photo that is shown whole is no trap: the page scrolls under the finger.
    before = browser.execute_script("return scrollY")
    swipe(*place("#frame"), -150)
    wait(browser, f"scrollY > {before} + 50")
    width = "document.getElementById('photo').getBoundingClientRect().width"
    whole = browser.execute_script(f"return {width}")
    browser.execute_script("document.getElementById('frame').scrollIntoView({ block: 'center' })")
    x, y = place("#frame")
    touch("touchStart", (x - 30, y), (x + 30, y))
    for step in range(1, 8):
        touch("touchMove", (x - 30 - 8 * step, y), (x + 30 + 8 * step, y))
    touch("touchEnd")
    wait(browser, f"{width} > 1.5 * {whole}")
    # One that is zoomed moves, and the page stays.
    before = browser.execute_script("return scrollY")
    top = "document.getElementById('photo').getBoundingClientRect().top"
    was = browser.execute_script(f"return {top}")
    swipe(x, y, -60)
    wait(browser, f"{top} < {was} - 30")
    assert browser.execute_script("return scrollY") == before


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    folder = tmp_path_factory.mktemp("axe")
    subprocess.run(["npm", "install", "--silent", "--prefix", str(folder), AXE], check=True, timeout=120)
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser, address: str, axe: str, scheme: str) -> None:  # noqa: F811
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    for path, ready in (("/", OPENING), ("/docs", "document.querySelectorAll('.docs section').length > 10")):
        browser.get("about:blank")
        browser.get(address + path)
        wait(browser, ready)
        if path == "/":
            ask(browser, "10 points along the noze")
            wait(browser, "!document.getElementById('problem').hidden")
        # Past the page's policy, as a browser's own tools are.
        browser.execute_cdp_cmd("Runtime.evaluate", {"expression": axe})
        browser.set_script_timeout(180)
        told = browser.execute_async_script("axe.run().then(arguments[0])")
        serious = [
            (found["id"], [node["html"][:120] for node in found["nodes"]])
            for found in told["violations"]
            if found["impact"] in ("serious", "critical")
        ]
        assert serious == []
        assert told["passes"]


def test_the_docs_page_is_whole_under_its_policy(browser, address: str) -> None:  # noqa: F811
    browser.get(f"{address}/docs")
    wait(browser, "document.querySelectorAll('.docs section').length > 10")
    titles = browser.execute_script("return [...document.querySelectorAll('.docs h2')].map(x => x.textContent)")
    for route in (
        "POST /v1/ask",
        "POST /v1/mask",
        "POST /v1/measure",
        "POST /v1/crop",
        "POST /v1/batches",
        "GET /v1/parts",
    ):
        assert route in titles
    assert titles[0] == "POST /v1/ask"
    fields = browser.execute_script(
        "return [...document.getElementById('ask_landmarks').parentNode.querySelectorAll('tbody tr td:first-child')]"
        ".map(x => x.textContent)"
    )
    assert {"image *", "image.handle", "image.base64", "image.url", "instruction"} <= set(fields)
    complaints = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert complaints == []
    policy = browser.execute_script("return fetch('/docs').then(r => r.headers.get('content-security-policy'))")
    assert "unsafe" not in policy
