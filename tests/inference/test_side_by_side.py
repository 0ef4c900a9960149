import threading
from collections.abc import Iterator

import pytest

from dermdistill.inference.side_by_side import map_in_order


def test_results_come_in_the_order_of_the_items() -> None:
    """The first item is not done before the third is."""
    third = threading.Event()

    def square(number: int) -> int:
        if number == 0:
            assert third.wait(60)
        if number == 2:
            third.set()
        return number**2

    assert list(map_in_order(square, range(9), workers=2, ahead=4)) == [number**2 for number in range(9)]
    assert list(map_in_order(square, [], workers=2, ahead=4)) == []


def test_items_are_taken_a_few_ahead() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    results = map_in_order(str, items(), workers=2, ahead=4)
    for received in range(100):
        assert next(results) == str(received)
        assert len(taken) <= received + 4


def test_an_error_comes_in_its_place_and_ends_the_work() -> None:
    def reciprocal(number: int) -> float:
        return 1 / number

    results = map_in_order(reciprocal, [1, 2, 0, 4], workers=2, ahead=4)
    assert [next(results), next(results)] == [1, 0.5]
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert list(results) == []


def test_items_that_cannot_be_taken() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError("the archive is damaged")

    with pytest.raises(OSError, match="the archive is damaged"):
        list(map_in_order(str, items(), workers=2, ahead=4))
