"""A large file goes through the web process without its weight in memory."""

import json
import urllib.request
import uuid
from pathlib import Path

import pytest

from algotrade.tests.e2e.processes import Client

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux to measure"),
]

ROW = b"2024-01-01 00:00,100.5,101.25,99.5,100.75,1000\n"
SIZE = 64 * 2**20


def memory(pid, name):
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith(name))


def test_a_large_upload_costs_less_than_three_times_its_size(lab):
    client = Client(lab)
    client.register(f"heavy{uuid.uuid4().hex[:6]}")
    rows = b"datetime,open,high,low,close,volume\n" + ROW * (SIZE // len(ROW))
    head = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="BIG_1m.csv"\r\n\r\n'
    request = urllib.request.Request(  # noqa: S310
        f"{lab.url}/api/market-data/uploads/",
        data=head + rows + b"\r\n--edge--\r\n",
        headers={
            "Authorization": f"Bearer {client.token}",
            "Content-Type": "multipart/form-data; boundary=edge",
        },
    )
    pid = lab.processes["web"].pid
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak is counted from here
    before = memory(pid, "VmRSS")
    with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310
        body = json.load(answer)
    assert (body["size"], body["plan"]["series"]["symbol"]) == (len(rows), "BIG")
    assert memory(pid, "VmHWM") - before < 3 * SIZE
