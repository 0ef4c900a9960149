from dermdistill.data.grouping import connected, id_key


def test_nothing_shared() -> None:
    assert connected([["a"], ["b"], ["c"]]) == [0, 1, 2]


def test_shared_directly_and_through_others() -> None:
    assert connected([["a"], ["b"], ["a", "c"], ["c"], ["b", "d"]]) == [0, 1, 0, 0, 1]


def test_a_late_item_joins_two_groups() -> None:
    assert connected([["a"], ["b"], ["c"], ["c", "b"], ["b", "a"]]) == [0, 0, 0, 0, 0]


def test_no_items() -> None:
    assert connected([]) == []


def test_spellings_of_one_id() -> None:
    assert len({id_key(name) for name in ("IP_7", " ip_07 ", "IP_007")}) == 1
    assert len({id_key(name) for name in ("12", "12.0", "0012")}) == 1
    assert len({id_key(name) for name in ("IP_7", "IP_70", "IP_17", "7", "70", "0")}) == 6
