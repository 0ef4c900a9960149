import pytest

from dermdistill.data.class_names import (
    check_names,
    meaning_of,
    parse_reading,
    refuse_open,
    users_word,
    with_counts,
)
from dermdistill.errors import UserError
from dermdistill.reading import AS_FOUND, Reading


class TestOptions:
    def test_labels_and_positive_names(self) -> None:
        reading = parse_reading(
            [
                "Nevi vs Mel=melanoma",
                "batch 1 = Leave Out",
                "a=b=nv",
                "hidroacanthoma simplex=Hidroacanthoma",
            ],
            ["1"],
        )
        assert reading == Reading(
            {
                "Nevi vs Mel": "melanoma",
                "batch 1": "leave-out",
                "a=b": "nevus",
                "hidroacanthoma simplex": "hidroacanthoma",
            },
            ("1",),
        )

    @pytest.mark.parametrize(
        ("labels", "positive", "message"),
        [
            (["melanoma"], [], "--label melanoma: expected NAME=DIAGNOSIS"),
            (["=melanoma"], [], "expected NAME=DIAGNOSIS"),
            (["a="], [], "expected NAME=DIAGNOSIS"),
            (["a=melanoma?"], [], "'melanoma\\?' does not say whether it is melanoma; expected melanoma"),
            (["a=malignant"], [], "'malignant' does not say whether it is melanoma"),
            (["a b=nevus", "A_B=melanoma"], [], "'A_B' has two meanings"),
            (["a=nevus"], ["A"], "'a' has two meanings"),
        ],
    )
    def test_what_is_refused(self, labels: list[str], positive: list[str], message: str) -> None:
        with pytest.raises(UserError, match=message):
            parse_reading(labels, positive)


class TestUsersWord:
    READING = Reading({"Mel?": "melanoma", "misc": "leave-out", "nevus": "dermatofibroma"}, ("bcc", "1"))

    @pytest.mark.parametrize(
        ("names", "expected"),
        [
            (["mel?"], "melanoma"),
            (["mel"], None),
            (["Misc."], "leave-out"),
            (["BCC"], "melanoma"),
            (["1.0"], "melanoma"),
            (["10"], None),
            (["Malignant", "bcc"], "melanoma"),
            (["misc", "nevus"], "dermatofibroma"),
            ([], None),
        ],
    )
    def test_names_match_however_they_are_spelled(self, names: list[str], expected: str | None) -> None:
        assert users_word(names, self.READING) == expected

    def test_it_goes_before_the_vocabulary(self) -> None:
        assert meaning_of(["nevus"], self.READING) == "dermatofibroma"
        assert meaning_of(["nevus"], AS_FOUND) == "nevus"

    def test_beside_positive_names_others_are_other_diagnoses_but_never_what_speaks_of_melanoma(self) -> None:
        assert meaning_of(["0"], Reading(positive=("1",))) == "other"
        assert meaning_of(["0"], AS_FOUND) is None
        assert meaning_of(["melanoma?"], Reading(positive=("1",))) is None
        assert meaning_of(["melanoma"], Reading(positive=("1",))) == "melanoma"
        assert meaning_of(["unlabelled"], Reading(positive=("1",))) == "undecided"


class TestMessages:
    def test_open_names_are_all_named_with_what_to_do(self) -> None:
        refuse_open("data", {})
        with pytest.raises(UserError) as caught:
            refuse_open("data", {"batch1": 12, "melanoma?": 1})
        assert str(caught.value) == (
            "data: batch1 (12 images), melanoma? (1 image): not understood as a diagnosis, so it is open "
            'whether these images show melanoma; say --label "batch1=melanoma", --label "batch1=other" (or '
            'the diagnosis), or --label "batch1=leave-out", and so on for each'
        )

    def test_many_names(self) -> None:
        assert with_counts({str(i): 1 for i in range(50)}).endswith("29 (1 image) and 20 more names")

    @pytest.mark.parametrize(
        ("reading", "message"),
        [
            (Reading(positive=("bbc",)), r"--positive bbc: no such name in data; it has bcc \(2 images\)"),
            (Reading({"x": "melanoma"}), "--label x: no such name in data; it has bcc"),
            (
                AS_FOUND,
                r"data: no image shows melanoma; its labels are bcc \(2 images\); .* say --positive NAME",
            ),
        ],
    )
    def test_the_users_word_is_checked(self, reading: Reading, message: str) -> None:
        with pytest.raises(UserError, match=message):
            check_names("data", {"bcc": 2}, ["basal cell carcinoma"], reading)

    def test_names_that_occur_are_right(self) -> None:
        check_names("data", {"BCC": 2, "y": 1}, ["melanoma"], Reading({"Y": "nevus"}, ("bcc",)))


@pytest.mark.parametrize("meaning", ["mleanoma", "1", "yes", "skip", "positive", "ignore"])
def test_a_meaning_that_is_no_diagnosis_is_not_taken_for_one(meaning: str) -> None:
    with pytest.raises(UserError, match="does not say whether it is melanoma"):
        parse_reading([f"batch 1={meaning}"], [])
