"""Whatever a file is packed in or written in, plain lines come out, under caps, or a clear refusal."""

import gzip
import random
import tracemalloc

import pytest

from marketdata.errors import FileInvalid, FileTooLarge
from marketdata.reading.caps import Caps
from marketdata.reading.lines import HEAD_BYTES, MAX_LINE_BYTES, open_head, open_lines, text_of

TEXT = "date,open,high,low,close\n2024-01-02,10,12,9,11\n2024-01-03,11,13,10,12\n"
NOTED = TEXT.replace("close", "close,Währung").replace("11\n", "11,€\n").replace("12\n", "12,€\n")


NOISE = random.Random(0).randbytes(4_000_000)


def packed(raw):
    """Packed the same way each time, so that every process collects the same tests."""
    return gzip.compress(raw, mtime=0)


@pytest.fixture
def read(tmp_path):
    def of(raw, encoding="utf-8", **caps):
        path = tmp_path / "file"
        path.write_bytes(raw)
        with open_lines(path, caps=Caps(**caps), encoding=encoding) as stream:
            text = stream.read()
            assert stream.fraction == 1.0 or not raw
            return text

    return of


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        (NOTED.encode(), "utf-8"),
        (b"\xef\xbb\xbf" + NOTED.encode(), "utf-8"),
        (NOTED.encode("utf-16"), "utf-16"),
        (b"\xfe\xff" + NOTED.encode("utf-16-be"), "utf-16"),
        (NOTED.encode("utf-16-le"), "utf-16"),
        (NOTED.encode("utf-16-be"), "utf-16"),
        (NOTED.encode("cp1252"), "cp1252"),
        (packed(NOTED.encode()), "utf-8"),
        (packed(NOTED.encode("utf-16")), "utf-16"),
        (packed(NOTED.encode()[:40]) + packed(NOTED.encode()[40:]) + b"\0" * 512, "utf-8"),
    ],
)
def test_every_encoding_and_packing_gives_the_same_lines(read, raw, encoding):
    assert read(raw, encoding).decode() == NOTED


def test_windows_line_ends_stay_and_lone_carriage_returns_become_line_feeds(read):
    assert read(TEXT.replace("\n", "\r\n").encode()) == TEXT.replace("\n", "\r\n").encode()
    assert read(TEXT.replace("\n", "\r").encode()) == TEXT.encode()
    assert read(b"one line\r\n") == b"one line\r\n"
    assert read(b"one line\r") == b"one line\r"


def test_a_character_cut_between_two_pieces_is_whole(read):
    text = "€" * 700_000 + "\n"  # 16 and 24 bits: pieces of 1 MiB end within characters
    assert read(text.encode("utf-16"), "utf-16").decode() == text
    assert read(b"\xef\xbb\xbf" + text.encode()).decode() == text


def test_bytes_outside_the_encoding_are_refused_with_their_line(read):
    with pytest.raises(FileInvalid, match="Line 3: holds bytes that are not cp1252"):
        read(b"a\nb\n\x81\n", "cp1252")
    with pytest.raises(FileInvalid, match="Line 2: holds bytes that are not utf-16"):
        read("a\nb\n".encode("utf-16")[:-1], "utf-16")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (packed(TEXT.encode())[:-9], "ends too early"),
        (packed(TEXT.encode())[:5], "ends too early"),
        (packed(TEXT.encode()) + b"junk", "corrupt"),
        (packed(TEXT.encode())[:-8] + b"\0\0\0\0\0\0\0\0", "corrupt"),
        (b"\x1f\x8b" + NOISE[:64], "corrupt"),
        (packed(packed(TEXT.encode())), "packed twice"),
        (b"PK\x03\x04" + NOISE[:64], "Excel workbook"),
        (b"PAR1" + NOISE[:64], "Parquet"),
        (b'{"Error Message": "limit"}', "JSON"),
        (b"<!DOCTYPE html><html>", "web page"),
    ],
)
def test_what_is_no_text_or_cannot_be_unpacked_says_so(read, raw, words):
    with pytest.raises(FileInvalid, match=words):
        read(raw)


@pytest.mark.parametrize(
    ("raw", "caps", "words"),
    [
        (TEXT.encode(), {"max_bytes": 50}, "The file is larger than"),
        (packed(TEXT.encode()), {"max_packed_bytes": 50}, "The packed file is larger than"),
        (packed(b"x,y\n" * 100_000), {"max_unpacked_bytes": 300_000}, "Unpacked, the file is larger"),
        (packed(b"\0" * 20_000_000), {}, "more than 100 times"),
        (packed(packed(b"\0" * 200_000_000)), {}, "packed twice"),
        (packed(b"") * 60_000, {}, "more than 50000 parts"),
    ],
)
def test_a_file_over_a_cap_is_refused_before_it_fills_memory(read, raw, caps, words):
    with pytest.raises((FileTooLarge, FileInvalid), match=words):
        read(raw, **caps)


def test_a_cap_on_the_ratio_leaves_well_packed_prices_alone(read):
    rng = random.Random(3)
    price, rows = 100.0, []
    for minute in range(40_000):
        price *= rng.uniform(0.999, 1.001)
        rows.append(f"{1_700_000_000 + 60 * minute},{price:.2f},{price:.2f},{price:.2f},{price:.2f},0")
    text = "\n".join(rows).encode()
    assert read(packed(text)) == text


def test_the_last_bytes_that_wait_to_be_unpacked_are_not_lost(read):
    text = b"0" * 5_000_000  # five pieces out of one piece of packed bytes
    assert read(packed(text), max_ratio=2000) == text


def test_unpacking_a_bomb_takes_little_memory(tmp_path):
    path = tmp_path / "bomb.gz"
    path.write_bytes(packed(b"1,2,3\n" * 12_000_000))  # 72 MB
    tracemalloc.start()
    with pytest.raises(FileTooLarge), open_lines(path, caps=Caps()) as stream:
        all(iter(lambda: stream.read(1 << 20), b""))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 * 1024 * 1024


def test_an_empty_file_has_no_lines(read):
    assert read(b"") == b""
    assert read(packed(b"")) == b""


def test_the_fraction_grows_with_the_bytes_of_the_file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(packed(NOISE.hex().encode()))
    seen = []
    with open_lines(path, caps=Caps()) as stream:
        while stream.read(500_000):
            seen.append(stream.fraction)
    assert seen == sorted(seen)
    assert 0 < seen[0] < 0.5
    assert seen[-1] == 1.0


def test_the_head_is_unpacked_but_not_decoded(tmp_path):
    path = tmp_path / "file.csv.gz"
    path.write_bytes(packed(NOTED.encode("utf-16")))
    assert open_head(path) == NOTED.encode("utf-16")
    path.write_bytes(b"1,2\n" * 200_000)
    assert len(open_head(path)) == HEAD_BYTES
    path.write_bytes(packed(b"x" * 500)[:-12])
    with pytest.raises(FileInvalid, match="ends too early"):
        open_head(path)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"a\0b\n", "NUL byte"),
        (b"a\rb\n", "carriage return"),
        (b"2024,\xe9\n", "byte 6 is not UTF-8"),
        (b"9" * (MAX_LINE_BYTES + 1), "longer than"),
    ],
)
def test_a_line_that_is_no_text_says_why(raw, words):
    with pytest.raises(ValueError, match=words):
        text_of(raw)


def test_a_line_loses_its_end_and_nothing_else():
    assert [text_of(raw) for raw in (b" a,b \r\n", b"a\n", b"a", b"\r\n", b"")] == [" a,b ", "a", "a", "", ""]
