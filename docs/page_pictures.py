"""Take the pictures of the page for docs/page.md: python docs/page_pictures.py docs/page.

Starts a server of its own and a headless Chromium (with chromedriver), opens the page as four kinds of device see
it, in light and dark, and writes JPEG files into the folder; prints each with its size and bytes.
"""

from __future__ import annotations

import io
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.support.ui import WebDriverWait

# Width, height, pixels a point, and whether it is touched.
DEVICES = {
    "phone": (390, 844, 2, True),
    "tablet": (820, 1180, 1, True),
    "laptop": (1280, 800, 1, False),
    "desktop": (1920, 1080, 1, False),
}
SCHEMES = ("light", "dark")
ASTRONAUT = Path(__file__).parents[1] / "examples" / "astronaut.jpg"
# What is shown beside the page as it opens: the photo, if not the sample, the instruction, and what is set before.
SHOWN: dict[str, tuple[Path | None, str, str]] = {
    "both-lefts": (
        None,
        "left eyebrow, 20 points; left half of the outer lip, 20 points",
        "perspective.value = 'both'; perspective.dispatchEvent(new Event('change'))",
    ),
    "make-up": (
        ASTRONAUT,
        "lips without the mouth opening as a polygon; eyes and eyebrows, 20 points each; outline of each cheek; "
        "outline of each upper eyelid surface",
        "makeup.click()",
    ),
}
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
DRAWN = "return document.querySelectorAll('#overlay .dot, #paint .makeup').length > 0"
SETTLED = "return document.getElementById('status').textContent.includes(' face') && " + DRAWN.removeprefix("return ")


@contextmanager
def serve() -> Iterator[str]:
    """Start a server; its address."""
    command = [sys.executable, "-m", "faceql.server.cli", "serve", "--port", "0", "--device", "cpu"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, bufsize=1)
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if found := re.search(r"listening at (http://[\d.]+:\d+)", line):
                # Its log is read on, or it would wait at a full pipe.
                threading.Thread(target=process.stderr.read, daemon=True).start()
                yield found[1]
                return
        raise SystemExit("the server did not start")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


@contextmanager
def open_browser() -> Iterator[Any]:
    """Start a browser with a profile of its own."""
    for program in ("chromium", "chromedriver"):
        if shutil.which(program) is None:
            raise SystemExit(f"{program} is not installed")
    with tempfile.TemporaryDirectory() as profile:
        options = ChromeOptions()
        options.binary_location = str(shutil.which("chromium"))
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        browser = Chrome(options=options, service=ChromeService(str(shutil.which("chromedriver"))))
        try:
            yield browser
        finally:
            browser.quit()


def look_like(browser: Any, device: str, scheme: str) -> None:
    """Let the browser be of a device's size, with a light or a dark theme."""
    width, height, pixels, is_touched = DEVICES[device]
    size = {"width": width, "height": height, "deviceScaleFactor": pixels, "mobile": is_touched}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    themes = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": themes})


def open_page(browser: Any, address: str) -> None:
    browser.get("about:blank")
    browser.get(address)
    wait(browser, SETTLED)


def wait(browser: Any, script: str) -> None:
    WebDriverWait(browser, 120).until(lambda driver: driver.execute_script(script))
    browser.execute_async_script("setTimeout(arguments[0], 1200)")


def save(browser: Any, path: Path) -> None:
    picture = Image.open(io.BytesIO(browser.get_screenshot_as_png())).convert("RGB")
    picture.save(path, "JPEG", quality=84, optimize=True, progressive=True)
    print(f"{path}: {picture.width} x {picture.height}, {path.stat().st_size:,} bytes")


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with serve() as address, open_browser() as browser:
        for device in DEVICES:
            for scheme in SCHEMES:
                look_like(browser, device, scheme)
                open_page(browser, address)
                save(browser, folder / f"{device}-{scheme}.jpg")
        look_like(browser, "laptop", "light")
        for name, (photo, instruction, setting) in SHOWN.items():
            open_page(browser, address)
            if photo is not None:
                browser.find_element("id", "file").send_keys(str(photo))
                wait(browser, "return document.getElementById('caption').textContent.startsWith('512')")
            browser.execute_script(setting)
            browser.execute_script("instruction.value = arguments[0]", instruction)
            browser.find_element("id", "ask").click()
            browser.execute_async_script("setTimeout(arguments[0], 500)")
            wait(browser, SETTLED)
            save(browser, folder / f"{name}.jpg")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]))
