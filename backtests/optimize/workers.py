"""Plain threads over kernels that hold no lock."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Task = TypeVar("Task")


def run_all(
    tasks: Iterable[Task], work: Callable[[Task, int], int], threads: int, done: Callable[[int], None]
) -> None:
    """Do `work(task, worker)` for every task; tell `done`, in the calling thread, what each returned.

    The calling thread is the first of the `threads` and works like the others. What a task or `done` raises stops
    the rest: every thread has ended when it reaches the caller.
    """
    if threads <= 1:
        for task in tasks:
            done(work(task, 0))
        return
    waiting: Iterator[Task] = iter(tasks)
    lock, stop = threading.Lock(), threading.Event()
    reports: queue.SimpleQueue[int | BaseException] = queue.SimpleQueue()

    def each(worker: int) -> Iterator[int]:
        while not stop.is_set():
            with lock:
                task = next(waiting, None)
            if task is None:
                return
            yield work(task, worker)

    def loop(worker: int) -> None:
        try:
            for report in each(worker):
                reports.put(report)
        except BaseException as error:  # it is raised again in the calling thread
            reports.put(error)

    def tell() -> None:
        while not reports.empty():
            report = reports.get()
            if isinstance(report, BaseException):
                raise report
            done(report)

    pool = [
        threading.Thread(target=loop, args=(worker,), name=f"sweep-{worker}") for worker in range(1, threads)
    ]
    try:
        for thread in pool:
            thread.start()
        for report in each(0):
            done(report)
            tell()
        for thread in pool:
            thread.join()
            tell()
    finally:
        stop.set()
        for thread in pool:
            if thread.ident is not None:
                thread.join()
