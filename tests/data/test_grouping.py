from dermdistill.data.grouping import connected


def test_nothing_shared() -> None:
    assert connected([["a"], ["b"], ["c"]]) == [0, 1, 2]


def test_shared_directly_and_through_others() -> None:
    assert connected([["a"], ["b"], ["a", "c"], ["c"], ["b", "d"]]) == [0, 1, 0, 0, 1]


def test_a_late_item_joins_two_groups() -> None:
    assert connected([["a"], ["b"], ["c"], ["c", "b"], ["b", "a"]]) == [0, 0, 0, 0, 0]


def test_no_items() -> None:
    assert connected([]) == []
