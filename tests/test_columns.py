import pytest

from dermdistill.columns import align

ROWS = [
    ("model", "runtime", "p50 ms", "images/s", "x reference"),
    ("dsnet@64", "PyTorch", "1.20", "833.3", "0.123 [0.120, 0.130]"),
    ("efficientnet_b0@224", "ONNX Runtime", "20.00", "50.0", "1"),
]


def test_a_table_that_fits_is_one() -> None:
    assert align([("", "images"), ("a", "12,000"), ("bc", "5")], width=80).splitlines() == [
        "    images",
        "--  ------",
        "a   12,000",
        "bc       5",
    ]


def test_a_table_that_is_too_wide_is_several_with_the_keys_in_each() -> None:
    text = align(ROWS, keys=2, width=60)
    assert max(map(len, text.splitlines())) <= 60
    blocks = [block.splitlines() for block in text.split("\n\n")]
    assert [block[0].split()[2:] for block in blocks] == [["p50", "ms", "images/s"], ["x", "reference"]]
    assert [block[2].split() for block in blocks] == [
        ["dsnet@64", "PyTorch", "1.20", "833.3"],
        ["dsnet@64", "PyTorch", "0.123", "[0.120,", "0.130]"],
    ]


def test_columns_are_shared_out_evenly() -> None:
    row = ["name", *["12345678"] * 8]
    assert [len(line.split()) for line in align([row], width=75).splitlines() if "name" in line] == [5, 5]


def test_a_column_that_is_too_wide_alone_is_still_shown() -> None:
    assert "x" * 90 in align([("name", "text"), ("a", "x" * 90)], width=80)


def test_the_width_is_that_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert "\n\n" not in align(ROWS, keys=2)
    monkeypatch.setenv("COLUMNS", "50")
    assert "\n\n" in align(ROWS, keys=2)
