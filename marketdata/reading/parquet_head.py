"""The process that `parquet.head_of` starts: the first bytes of a Parquet file as CSV, on standard output."""

import sys
from pathlib import Path

from marketdata.reading.parquet import print_head

if __name__ == "__main__":
    sys.exit(print_head(Path(sys.argv[1]), int(sys.argv[2])))
