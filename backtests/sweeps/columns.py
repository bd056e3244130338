"""The cells of a sweep on disk: a file of columns in a folder of its own sweep (`backtests.columnar`)."""

from backtests.columnar import ColumnFiles
from backtests.sweeps.errors import ColumnsDamaged


def _damaged(sha256: str, why: str) -> ColumnsDamaged:
    return ColumnsDamaged(
        f"The stored cells {sha256[:12]} of this sweep cannot be read any more ({why}). Run the sweep again."
    )


_files = ColumnFiles("sweeps", _damaged)
write = _files.write
read = _files.read
remove = _files.remove
