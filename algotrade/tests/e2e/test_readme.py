"""The commands of README.md, run as they are written."""

import re
import shutil
import subprocess
import uuid
from pathlib import Path

import pytest

from algotrade.tests.e2e.processes import PASSWORD, Client

ROOT = Path(__file__).resolve().parents[3]

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")]


def test_the_curl_lines_sign_in_make_a_strategy_run_it_and_read_the_result(lab):
    block = next(
        part
        for part in re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
        if "curl" in part
    )
    assert len(re.findall(r"curl ", block)) == 5
    name = f"reader{uuid.uuid4().hex[:6]}"
    Client(lab).register(name)
    script = re.sub(r"LAB=\S+ PASSWORD=\S+", f"LAB={lab.url} PASSWORD={PASSWORD}", block)
    script = script.replace('"analyst"', f'"{name}"').replace("sleep 2", "sleep 6")
    done = subprocess.run(
        ["bash", "-eu", "-c", script], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert '"status":"succeeded"' in done.stdout, done.stdout
    assert '"sharpe_ratio":' in done.stdout
    assert '"exit_price":' in done.stdout
