import math

import pytest

from dermdistill.inference.decision import OperatingPointUsed
from dermdistill.inference.wording import introduction, percent


def said(point: OperatingPointUsed, prevalence: float = 0.08, *, restated: bool = False) -> str:
    return introduction("net 0123", point, prevalence, restated=restated)


def test_what_p_means_and_when_it_flags() -> None:
    assert said(OperatingPointUsed("sensitivity_0.90", 0.0402, 0.918, 0.6533)) == (
        "Model net 0123; research software, not a medical device. P is calibrated where 8 % were melanoma. "
        "Flagged from 4 % (sensitivity_0.90): on validation images this caught 92 % of melanomas and flagged "
        "35 % of the others."
    )


def test_what_the_user_changed() -> None:
    text = said(OperatingPointUsed("youden", 0.25, 0.8, 0.9, refer_below=0.5), 0.02, restated=True)
    assert "P is re-stated for people of whom 2 % have melanoma." in text
    assert text.endswith("Below 50 %, what is flagged is referred to a person instead.")


def test_what_the_file_does_not_know() -> None:
    text = said(OperatingPointUsed("given", 0.5, math.nan, math.nan), math.nan)
    assert "The file does not say where P is calibrated. Flagged from 50 % (given); what that does" in text
    assert "Nothing is flagged (youden)." in said(OperatingPointUsed("youden", math.nextafter(1, 2), 0, 1))


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (0.00035, "0.035 %"), (0.0402, "4 %"), (0.082, "8.2 %"), (0.349, "35 %"), (1, "100 %")],
)
def test_percent(share: float, text: str) -> None:
    assert percent(share) == text
