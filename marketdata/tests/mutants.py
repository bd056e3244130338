"""Files of bars with something wrong in them: good files of several shapes, each damaged in one to three ways."""

import gzip
import random
from collections.abc import Callable, Iterator

from marketdata.tests.bars import csv_text, make_bars

TOKENS = (
    *(
        "",
        " ",
        "-",
        "NaN",
        "nan",
        "inf",
        "-inf",
        "1e999",
        "-1e-999",
        "0",
        "-1",
        "1,5",
        "1.5.5",
        "1 000",
        "0x1F",
        "١٢٣",
    ),
    *(
        "9" * 400,
        "1e308",
        "٫",
        "=1+1",
        "+1",
        "@x",
        "'",
        '"',
        '""',
        "\\",
        "\x00",
        "\ufeff",
        "\u202e",
        "\U0001f600",
    ),
    *(
        "0000-00-00",
        "9999-12-31",
        "1600-01-01",
        "2024-02-30",
        "2024-13-01",
        "24:00",
        "25:61",
        "now",
        "null",
        "None",
    ),
    *(
        "2024-01-01T00:00:00+99:99",
        "1704067200",
        "1704067200000",
        "99999999999999999999",
        "x" * 5_000,
        "\r",
        "\n\n",
    ),
    *(
        "date",
        "close",
        ";",
        "\t",
        "|",
        ",,,,,,,,",
        "#",
        "//",
        "<script>",
        "../../etc/passwd",
        "{}",
        "%s",
        "\x1a",
        "\x0c",
    ),
)


def originals() -> dict[str, bytes]:
    """Good files: what mutants are made of."""
    daily = csv_text(make_bars(40))
    lines = daily.splitlines()
    european = "\n".join(line.replace(",", ";").replace(".", ",") for line in lines)
    stamps = "\n".join(
        ["timestamp,open,high,low,close"]
        + [f"{1704067200 + 60 * row},{100 + row},{102 + row},{99 + row},{101 + row}" for row in range(40)]
    )
    quoted = "\n".join(",".join(f'"{word}"' for word in line.split(",")) for line in lines)
    return {
        "daily": daily.encode(),
        "european": european.encode("cp1252"),
        "stamps": stamps.encode(),
        "windows": daily.replace("\n", "\r\n").encode("utf-8-sig"),
        "quoted": quoted.encode(),
        "utf-16": daily.encode("utf-16"),
        "remarks": ("Symbol: ABC\nExported by a terminal\n\n" + daily).encode(),
        "no header": "\n".join(lines[1:]).encode(),
        "backwards": "\n".join([lines[0], *reversed(lines[1:])]).encode(),
        "packed": gzip.compress(daily.encode(), mtime=0),
    }


def _bytes_flipped(data: bytes, luck: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(luck.randint(1, 8)):
        changed[luck.randrange(len(changed))] = luck.randrange(256)
    return bytes(changed)


def _cut(data: bytes, luck: random.Random) -> bytes:
    start = luck.randrange(len(data))
    return data[:start] + data[start + luck.randint(1, 60) :]


def _broken_off(data: bytes, luck: random.Random) -> bytes:
    return data[: luck.randrange(len(data))]


def _token_put_in(data: bytes, luck: random.Random) -> bytes:
    place = luck.randrange(len(data) + 1)
    return data[:place] + luck.choice(TOKENS).encode("utf-8", "surrogatepass") + data[place:]


def _cell_replaced(data: bytes, luck: random.Random) -> bytes:
    lines = data.split(b"\n")
    row = luck.randrange(len(lines))
    mark = luck.choice([b",", b";"])
    cells = lines[row].split(mark)
    cells[luck.randrange(len(cells))] = luck.choice(TOKENS).encode("utf-8", "surrogatepass")
    lines[row] = mark.join(cells)
    return b"\n".join(lines)


def _lines_moved(data: bytes, luck: random.Random) -> bytes:
    lines = data.split(b"\n")
    first, second = luck.randrange(len(lines)), luck.randrange(len(lines))
    how = luck.randrange(4)
    if how == 0:
        lines[first], lines[second] = lines[second], lines[first]
    elif how == 1:
        lines.insert(first, lines[second])
    elif how == 2:
        del lines[first]
    else:
        lines[first:first] = [lines[second]] * luck.randint(2, 30)
    return b"\n".join(lines)


def _cells_added_or_lost(data: bytes, luck: random.Random) -> bytes:
    lines = data.split(b"\n")
    row = luck.randrange(len(lines))
    cells = lines[row].split(b",")
    if luck.random() < 0.5:
        cells.pop(luck.randrange(len(cells)))
    else:
        cells += [b"7"] * luck.randint(1, 200)
    lines[row] = b",".join(cells)
    return b"\n".join(lines)


def _marks_changed(data: bytes, luck: random.Random) -> bytes:
    old, new = luck.sample([b",", b";", b".", b"-", b"\n", b"\r\n", b'"', b":", b"\t"], 2)
    return data.replace(old, new, luck.choice([1, 3, -1]))


def _nothing_left(data: bytes, luck: random.Random) -> bytes:
    return luck.choice(
        [b"", b"\n", b"\xff\xfe", b"\xef\xbb\xbf", b"\x1f\x8b", b"PK\x03\x04" + data, b"PAR1", b"\x00" * 99]
    )


def _packed(data: bytes, luck: random.Random) -> bytes:
    return gzip.compress(data, mtime=0)


DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    *(_cell_replaced,) * 4,
    *(_token_put_in,) * 3,
    *(_lines_moved, _cells_added_or_lost, _bytes_flipped) * 2,
    *(_cut, _broken_off, _marks_changed, _packed, _nothing_left),
)


def mutants(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """So many damaged files, each with a name that says what it was; the same for the same seed."""
    luck = random.Random(seed)
    good = list(originals().items())
    for number in range(count):
        name, data = luck.choice(good)
        done = []
        for _ in range(luck.randint(1, 3)):
            damage = luck.choice(DAMAGES)
            if data:
                data = damage(data, luck)
            done.append(damage.__name__.strip("_"))
        yield f"{number} of seed {seed}: {name}, {', '.join(done)}", data
