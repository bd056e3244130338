"""What the child of a responder does in tests: as it is told."""

import os
import signal
import time
from pathlib import Path

from algotrade.errors import InvalidInput


class Unwelcome(InvalidInput):
    """A question that is refused on purpose."""

    code = "unwelcome"


asked = []


def answer(question):
    if question == "asked":
        return asked
    asked.append(question)
    match question:
        case "pid":
            return os.getpid()
        case "refuse":
            raise Unwelcome("No.", fields={"what": ["Ask something else."]})
        case "break":
            raise RuntimeError("a defect")
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "eat":
            return bytearray(64 * 1024**3)[0]
        case ("sleep", seconds):
            time.sleep(seconds)
        case ("until", path):
            while not Path(path).exists():
                time.sleep(0.01)
    return question
