"""The child of a `Responder`: warmed once, then one question after another. It keeps nothing and writes nothing."""

import logging
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from algotrade.jobs import processes

logger = logging.getLogger(__name__)


def main(pipe: Connection, answer_path: str, warm_up_path: str, memory_limit_mb: int) -> None:
    """Entry of a spawned process. Messages out: ready, then for each question answer, refused or failed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=processes.end_with_parent, args=(os.getppid(),), daemon=True).start()

    import django

    django.setup()

    from django.utils.module_loading import import_string

    processes.limit_memory(memory_limit_mb)
    processes.keep_freed_memory()
    answer = import_string(answer_path)
    if warm_up_path:
        import_string(warm_up_path)()
    pipe.send(("ready",))
    while True:
        try:
            question = pipe.recv()
        except EOFError:
            return
        pipe.send(_reply(answer, question))


def _reply(answer: Callable[[Any], Any], question: Any) -> tuple[Any, ...]:
    from algotrade.errors import LabError

    try:
        return ("answer", answer(question))
    except LabError as error:
        return ("refused", error.code, error.detail, error.fields)
    except MemoryError:
        return ("failed", "memory")
    except Exception:
        logger.exception("A question met an error")
        return ("failed", "error")
