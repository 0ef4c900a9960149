import pytest

from dermdistill.inference.lettering import fit, font, wrapped

FONT = font(16)


@pytest.mark.parametrize("name", ["photo.jpg", "n" * 500 + ".jpg", "", "皮膚 " * 90])
def test_names_fit_their_line_and_keep_their_ends(name: str) -> None:
    cut = fit(name, FONT, 300)

    assert FONT.getlength(cut) <= 300
    assert cut == name or ("..." in cut and cut[:3] == name[:3] and cut[-3:] == name[-3:])


def test_wrapped_lines_fit_and_lose_no_word() -> None:
    text = "Called melanoma. Operating point sensitivity_0.90: melanoma from P = 0.2 on. " * 3

    lines = wrapped(text, FONT, 200)

    assert " ".join(lines).split() == text.split()
    assert max(FONT.getlength(line) for line in lines) <= 200
    assert all(FONT.getlength(line) <= 200 for line in wrapped("x" * 500, FONT, 200))
