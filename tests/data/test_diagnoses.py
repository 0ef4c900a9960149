import pytest

from dermdistill.data.diagnoses import canonical, of_levels


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mel", "melanoma"),
        ("MEL", "melanoma"),
        ("Melanoma", "melanoma"),
        ("Melanoma in situ", "melanoma"),
        ("Melanoma Invasive", "melanoma"),
        ("Melanoma, NOS", "melanoma"),
        ("Melanoma metastasis", "melanoma"),
        ("malignant_melanoma", "melanoma"),
        ("Lentigo maligna", "melanoma"),
        ("Malignant melanocytic proliferations (Melanoma)", "melanoma"),
        ("non-melanoma", "not melanoma"),
        ("NonMelanoma", "not melanoma"),
        ("not_melanoma", "not melanoma"),
        ("no melanoma", "not melanoma"),
        ("Melanoacanthoma", "melanoacanthoma"),
        ("Pigmented epithelioid melanocytoma", "pigmented epithelioid melanocytoma"),
        ("nv", "nevus"),
        ("Melanocytic_Nevi", "nevus"),
        ("naevus", "nevus"),
        ("akiec", "actinic keratosis"),
        ("AK", "actinic keratosis"),
        ("Solar or actinic keratosis", "actinic keratosis"),
        ("bcc", "basal cell carcinoma"),
        ("bkl", "benign keratosis"),
        ("Pigmented benign keratosis", "benign keratosis"),
        ("benign keratosis-like lesions", "benign keratosis"),
        ("Lichen planus-like keratosis", "benign keratosis"),
        ("df", "dermatofibroma"),
        ("vasc", "vascular lesion"),
        ("scc", "squamous cell carcinoma"),
        ("Squamous cell carcinoma, NOS", "squamous cell carcinoma"),
        ("UNK", "other"),
        ("Café-au-lait  macule", "café-au-lait macule"),
        ("Spitz_nevus", "spitz nevus"),
    ],
)
def test_canonical(name: str, expected: str) -> None:
    assert canonical(name) == expected
    assert canonical(expected) == expected


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (["Malignant", "Malignant melanocytic proliferations (Melanoma)", "Melanoma in situ"], "melanoma"),
        (["Malignant", "Malignant melanocytic proliferations (Melanoma)"], "melanoma"),
        (["Benign", "Benign melanocytic proliferations", "Nevus"], "nevus"),
        (["Benign", "Benign soft tissue proliferations - Vascular"], "vascular lesion"),
        (["Benign", "Benign soft tissue proliferations - Vascular", "Venous lake"], "vascular lesion"),
        (["Malignant", "Malignant epidermal proliferations", "Squamous cell carcinoma, NOS"],
         "squamous cell carcinoma"),
        (["Malignant", "Malignant epidermal proliferations"], "malignant epidermal proliferations"),
        (["Malignant", "Merkel cell proliferation", "Merkel cell carcinoma"], "merkel cell carcinoma"),
        (["Indeterminate", "Indeterminate epidermal proliferations", "Solar or actinic keratosis"],
         "actinic keratosis"),
        (["Benign"], "benign"),
        (["Benign", "Benign - Other"], "benign - other"),
        (["Malignant"], None),
        (["Indeterminate"], None),
        (["Indeterminate", "Indeterminate melanocytic proliferations", "Atypical Spitz tumor"], None),
        (["Indeterminate", "Indeterminate melanocytic proliferations", "Something new"], None),
        (["Malignant", "Collision - At least one malignant proliferation"], None),
        (["AIMP"], None),
        ([], None),
    ],
)  # fmt: skip
def test_of_levels(levels: list[str], expected: str | None) -> None:
    assert of_levels(levels) == expected
