"""The child processes of this one (jobs, previews): how many there are and what memory they hold."""

import os
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


class ChildrenCollector(Collector):
    """Read from `/proc` at each scrape; zero where there is none."""

    def collect(self) -> Iterator[Metric]:
        sizes = [size for pid in child_pids() if (size := resident_bytes(pid))]
        words = "Child processes of this one: jobs, previews and Python's own helper."
        yield GaugeMetricFamily("lab_child_processes", words, value=len(sizes))
        yield GaugeMetricFamily("lab_child_resident_bytes", "Memory that they hold.", value=sum(sizes))


def child_pids() -> list[int]:
    """Children of any thread of this process."""
    found: set[int] = set()
    for listed in Path("/proc/self/task").glob("*/children"):
        try:
            found.update(int(pid) for pid in listed.read_text().split())
        except OSError:
            continue  # a thread that has just ended
    return sorted(found)


def resident_bytes(pid: int) -> int:
    """Memory of a process; 0 for one that has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES
    except (OSError, IndexError, ValueError):
        return 0
