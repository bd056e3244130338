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

    What a task or `done` raises stops the rest: every thread has ended when it reaches the caller.
    """
    if threads <= 1:
        for task in tasks:
            done(work(task, 0))
        return
    waiting: Iterator[Task] = iter(tasks)
    lock, stop = threading.Lock(), threading.Event()
    reports: queue.SimpleQueue[int | BaseException | None] = queue.SimpleQueue()

    def loop(worker: int) -> None:
        try:
            while not stop.is_set():
                with lock:
                    task = next(waiting, None)
                if task is None:
                    break
                reports.put(work(task, worker))
        except BaseException as error:  # it is raised again in the calling thread
            reports.put(error)
        reports.put(None)

    pool = [
        threading.Thread(target=loop, args=(worker,), name=f"sweep-{worker}") for worker in range(threads)
    ]
    for thread in pool:
        thread.start()
    try:
        running = threads
        while running:
            report = reports.get()
            if isinstance(report, BaseException):
                raise report
            if report is None:
                running -= 1
            else:
                done(report)
    finally:
        stop.set()
        for thread in pool:
            thread.join()
