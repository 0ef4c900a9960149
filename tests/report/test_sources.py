"""What a report says of several sources."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dermdistill.json_files import read_json
from dermdistill.judgement.judge import judgement_of
from dermdistill.report import build_report
from dermdistill.report.numbers import with_interval
from dermdistill.runs import RunFolder, RunManifest


def test_images_and_figures_of_each_source(
    make_run: Callable[..., RunFolder], read_page: Callable[[Path], Any]
) -> None:
    run = make_run(sources=("clinic", "archive"), lesions=900)
    page = read_page(build_report(run))
    metrics = judgement_of(run).models["teacher"]
    cells = page.row("table-sources", "Teacher (ResNet-50)")
    for name, (auc, sensitivity, ece) in zip(metrics.by_source, (cells[:3], cells[3:]), strict=True):
        of_source = metrics.by_source[name]
        assert auc == with_interval(of_source.auc)
        assert sensitivity == with_interval(of_source.sensitivity_at_specificity["0.90"])
        assert ece.startswith(f"{of_source.ece.value:.3f}")
    assert f"clinic: {metrics.by_source['clinic'].n_images} images" in page.text

    data = read_json(run.manifest, RunManifest).data
    headings = [row[0] for row in page.tables["table-data"]]
    assert [name for name in headings if name in ("clinic", "archive", "All sources")] == [
        "clinic",
        "archive",
        "All sources",
    ]
    totals = [sum(data.sources["archive"][split].values()) for split in ("train", "val", "test")]
    after = headings.index("archive") + headings[headings.index("archive") :].index("images")
    assert page.tables["table-data"][after][1:] == [f"{count:,}" for count in (*totals, sum(totals))]


def test_one_source_needs_no_table_of_its_own(
    reported_run: RunFolder, read_page: Callable[[Path], Any]
) -> None:
    page = read_page(reported_run.report)
    assert "table-sources" not in page.tables
    assert "All sources" not in page.text


def test_subgroups_have_a_table_where_the_data_name_them(
    make_run: Callable[..., RunFolder], reported_run: RunFolder, read_page: Callable[[Path], Any]
) -> None:
    run = make_run(details=(("sex", ("male", "female", "")),))
    page = read_page(build_report(run))
    rows = {row[0]: row[1:] for row in page.tables["table-subgroups"]}
    names = list(rows)
    assert names[names.index("Sex") :][:5] == ["Sex", "female", "male", "not stated", "Diagnosis"]
    first, *_ = judgement_of(run).groups["teacher"].subgroups
    assert rows["female"][:2] == [str(first.n_images), str(first.n_melanoma)]
    assert rows["female"][4].startswith(f"{first.specificity.value:.3f}")
    others = [row[0] for row in read_page(reported_run.report).tables["table-subgroups"]]
    assert "Diagnosis" in others
    assert "Sex" not in others
