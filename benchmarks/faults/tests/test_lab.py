"""What is read from the logs of a lab."""

import json

from benchmarks.faults.lab import FULL, Lab

TRACEBACK = 'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\n    work()\nOSError: no space left'


def test_errors_are_counted_in_lines_of_json_and_in_plain_ones(tmp_path):
    entries = [{"message": "Broken", "exception": TRACEBACK}, {"message": "Well"}]
    lines = [json.dumps(entry) for entry in entries]
    (tmp_path / "web.log").write_text("\n".join([*lines, TRACEBACK, *lines, "{not JSON"]))
    lab = Lab(tmp_path, tmp_path / "data", FULL)
    assert lab.tracebacks() == {"web: OSError: no space left": 3}
