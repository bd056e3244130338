from pathlib import Path

import pytest

from benchmarks.peers.bench import lines_of
from benchmarks.peers.report import END, START, Line, Row, duration, section, table, write
from benchmarks.peers.workers import Contender, Measured


def measured(name: str, seconds: float, equity: float = 10_500.0, problem: str = "") -> Measured:
    contender = Contender(name, "none", Path("python"))
    return Measured(contender, {"final_equity": equity}, [seconds, seconds * 3, seconds], problem)


def test_a_duration_is_shown_in_the_unit_that_keeps_three_digits():
    assert [duration(s) for s in (12.345, 1.2345, 0.12345, 2.16e-4, 5e-8)] == [
        "12.3 s",
        "1.23 s",
        "123 ms",
        "216 µs",
        "50.0 ns",
    ]


def test_the_ratio_is_of_medians_and_says_whether_the_goal_was_reached():
    found = {"ours": measured("ours", 0.001), "peer": measured("peer", 0.2), "slow": measured("slow", 0.1)}
    ours, peer, slow = lines_of("work", found, "ours", {"peer": 150.0, "slow": 150.0})
    assert ours.value == "1.00 ms"
    assert (peer.ratio, peer.reached, peer.goal) == (pytest.approx(200.0), True, ">= 150x")
    assert (slow.ratio, slow.reached) == (pytest.approx(100.0), False)


def test_there_is_no_ratio_where_results_differ_and_the_goal_is_missed():
    found = {"ours": measured("ours", 0.001), "peer": measured("peer", 0.2, equity=10_501.0)}
    line = lines_of("work", found, "ours", {"peer": 150.0})[1]
    assert line.ratio != line.ratio
    assert line.reached is False
    assert "DIFFERS" in line.cells()[-1]


def test_a_tool_that_fails_is_named_with_its_reason():
    found = {"ours": measured("ours", 0.001), "peer": measured("peer", 0.2, problem="no answer within 9 s")}
    line = lines_of("work", found, "ours", {"peer": 150.0})[1]
    assert line.value == "no result: no answer within 9 s"
    assert line.reached is None


def test_the_table_names_a_work_once_and_marks_a_missed_goal():
    rows = [
        Row(
            4,
            (
                Line("sweep", "ours", "16.0 ms", 9),
                Line("sweep", "peer", "10.0 s", 3, 625.0, ">= 800x", False, "to 1e-14"),
            ),
        )
    ]
    assert table(rows).splitlines()[2:] == [
        "| 4. sweep | ours | 16.0 ms | 9 |  |  |  |  |",
        "|  | peer | 10.0 s | 3 | 625x | >= 800x | **no** | to 1e-14 |",
    ]
    text = section(rows, "a machine", {"numpy": "2"}, {"backtrader": "no wheel"})
    assert "Goals missed: 4 (peer: >= 800x)." in text
    assert "- backtrader could not be installed: no wheel." in text


def test_only_the_marked_part_of_the_page_is_written(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{START}\nold\n{END}\nafter\n")
    write(page, "new")
    assert page.read_text() == f"before\n{START}\n\nnew\n\n{END}\nafter\n"


def test_a_page_without_its_marks_is_left_alone(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("no marks")
    with pytest.raises(ValueError, match="Put them back"):
        write(page, "new")
    assert page.read_text() == "no marks"
