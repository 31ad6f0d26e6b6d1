"""The page of faults says what the tests show."""

from pathlib import Path

import pytest

from tools.fault_matrix import MATRIX, PAGE, load_matrix, marked_tests, open_rows, page

ROWS = {"A": 15, "L": 8, "D": 12, "S": 8, "T": 4, "P": 4, "U": 6, "X": 7}


def test_no_fault_has_left_the_matrix() -> None:
    matrix = load_matrix()
    assert list(matrix.groups) == list(ROWS)
    assert list(matrix.rows) == [f"{group}{number}" for group, count in ROWS.items() for number in range(1, count + 1)]


def test_every_mark_names_a_fault_of_the_matrix() -> None:
    assert set(marked_tests()) <= set(load_matrix().rows)


def test_the_page_is_what_the_tool_writes() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(load_matrix(), marked_tests()), "run python -m tools.fault_matrix"


def test_every_row_has_a_test_or_a_reason() -> None:
    assert open_rows(load_matrix(), marked_tests()) == []


def test_a_row_is_open_until_a_test_of_its_own_or_a_reason_stands(tmp_path: Path) -> None:
    room, other = tmp_path / "tests" / "faults", tmp_path / "tests" / "unit"
    room.mkdir(parents=True)
    other.mkdir()
    (other / "test_other.py").write_text('@pytest.mark.fault("A1")\nasync def test_elsewhere(): ...\n')
    matrix = load_matrix(MATRIX)
    assert "A1" in open_rows(matrix, marked_tests(tmp_path))
    (room / "test_here.py").write_text('@pytest.mark.fault("A1")\n@pytest.mark.fault("A2")\ndef test_here(): ...\n')
    tests = marked_tests(tmp_path)
    assert tests["A1"] == ["tests/faults/test_here.py::test_here", "tests/unit/test_other.py::test_elsewhere"]
    assert not {"A1", "A2"} & set(open_rows(matrix, tests))
    assert "* `tests/faults/test_here.py::test_here`" in page(matrix, tests)
    assert "open" in page(matrix, {})


def test_a_mark_without_a_literal_row_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_here.py").write_text("@pytest.mark.fault(ROW)\ndef test_here(): ...\n")
    with pytest.raises(ValueError, match=r"test_here\.py:1"):
        marked_tests(tmp_path)
