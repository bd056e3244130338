"""Files that are there whole or not at all."""

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

DRAFT = ".draft-"


@contextlib.contextmanager
def whole_file(target: Path, *, mode: int = 0o640) -> Iterator[IO[bytes]]:
    """Give a stream for what `target` will hold: a draft beside it, which takes its place when the block ends well.

    By then the bytes are on the disk. An error in the block, or a disk that does not take them, leaves no draft.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=DRAFT, suffix=target.suffix)
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        draft.chmod(mode)
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def discard_drafts(root: Path, *, older_than_seconds: float) -> int:
    """Remove what killed writers left below `root`; return how many files. A living one has written to its lately."""
    before, found = time.time() - older_than_seconds, 0
    for draft in root.rglob(f"{DRAFT}*"):
        with contextlib.suppress(OSError):
            if draft.stat().st_mtime < before:
                draft.unlink()
                found += 1
    return found
