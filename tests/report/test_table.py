from dermdistill.evaluation.estimates import Estimate, SeedMean
from dermdistill.report.table import Table, TableCell, TableRow, figure, footnote_letter, mean_figure, text


def test_each_reason_is_one_footnote_in_reading_order() -> None:
    gone, rare, fine = TableCell("-", reason="gone"), TableCell("-", reason="rare"), TableCell("1")
    table = Table(
        "t", "", ("", "x", "y"), (TableRow(text("a"), (fine, rare)), TableRow(text("b"), (gone, rare)))
    )
    assert table.footnotes == ("rare", "gone")
    assert [table.marker(cell) for cell in (rare, gone, fine)] == ["a", "b", ""]


def test_footnote_letters_do_not_run_out() -> None:
    assert [footnote_letter(i) for i in (0, 25, 26, 27, 51, 52, 701, 702)] == [
        *("a", "z", "aa", "ab", "az", "ba", "zz", "aaa")
    ]


def test_a_figure_without_interval_says_why() -> None:
    cell = figure(Estimate(value=0.5, reason="no interval: too few lesions"))
    assert (cell.text, cell.beside, cell.reason) == ("0.500", None, "no interval: too few lesions")


def test_an_undefined_figure_is_never_a_number() -> None:
    cell = figure(Estimate(value=None, reason="no melanoma"), "below")
    assert (cell.text, cell.below, cell.reason) == ("\N{EN DASH}", (), "no melanoma")
    assert figure(Estimate(value=None)).reason


def test_the_range_of_seeds_stands_below_the_mean() -> None:
    figures = SeedMean(value=0.5, low=0.4, high=0.6, per_seed=(0.45, 0.55), sd=0.07)
    assert mean_figure(figures).below == ("seeds 0.450\N{EN DASH}0.550",)
    assert mean_figure(figures.model_copy(update={"per_seed": (0.5,)})).below == ()


def test_columns_of_words_are_known_by_their_cells() -> None:
    table = Table(
        "t",
        "",
        ("", "x", "y"),
        (TableRow(text("heading"), ()), TableRow(text("a"), (TableCell("1"), text("b")))),
    )
    assert [table.is_text_column(i) for i in range(3)] == [True, False, True]
