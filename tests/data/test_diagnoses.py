import pytest

from dermdistill.data.diagnoses import canonical, contradict, folded, of_levels

MELANOMA = [
    "mel",
    "MEL",
    "Melanoma",
    "melanomas",
    "malignant_melanoma",
    "Melanoma, NOS",
    "Melanoma in situ",
    "melanoma-in-situ",
    "MelanomaInSitu",
    "Melanoma Invasive",
    "Melanoma metastasis",
    "metastatic melanoma",
    "Lentigo maligna",
    "Melanoma (MEL)",
    "lentigo maligna melanoma",
    "Malignant melanocytic proliferations (Melanoma)",
    # ISIC, levels 4 and 5
    "Melanoma in situ, Lentigo maligna type",
    "Melanoma in situ, associated with a nevus",
    "Melanoma Invasive, Acral or Acral-lentiginous",
    "Melanoma Invasive, Arising in a congenital nevus",
    "Melanoma Invasive, Pigmented spindle cell nevus like",
    "Melanoma Invasive, Recurrent or persistent",
    "Melanoma Invasive, On chronically sun-exposed skin or lentigo maligna melanoma",
    # derm7pt
    "melanoma (in situ)",
    "melanoma (less than 0.76 mm)",
    "melanoma (0.76 to 1.5 mm)",
    "melanoma (more than 1.5 mm)",
    # Fitzpatrick17k and DDI
    "superficial spreading melanoma ssm",
    "melanoma-acral-lentiginous",
    "nodular-melanoma-(nm)",
    # stage and thickness as people write them
    "melanoma stage IIA",
    "Melanoma pT1b",
    "melanoma, Clark level II",
    "melanoma <= 1 mm",
    "melanoma 0,5-1,0 mm",
    "amelanotic melanoma, Breslow 0.4 mm",
]

NAMED = {
    "non-melanoma": "not melanoma",
    "NonMelanoma": "not melanoma",
    "NotMelanoma": "not melanoma",
    "not_melanoma": "not melanoma",
    "no melanoma": "not melanoma",
    "non-mel": "not melanoma",
    "nonmelanoma skin cancer": "not melanoma",
    "Melanoacanthoma": "melanoacanthoma",
    "Pigmented epithelioid melanocytoma": "pigmented epithelioid melanocytoma",
    "nv": "nevus",
    "NEV": "nevus",
    "Melanocytic_Nevi": "nevus",
    "nævus": "nevus",
    "akiec": "actinic keratosis",
    "AK": "actinic keratosis",
    "ACK": "actinic keratosis",
    "Solar or actinic keratosis": "actinic keratosis",
    "bcc": "basal cell carcinoma",
    "BasalCellCarcinoma": "basal cell carcinoma",
    "bkl": "benign keratosis",
    "SEK": "benign keratosis",
    "Pigmented benign keratosis": "benign keratosis",
    "benign keratosis-like lesions": "benign keratosis",
    "Lichen planus-like keratosis": "benign keratosis",
    "df": "dermatofibroma",
    "vasc": "vascular lesion",
    "Vascular lesions (VASC)": "vascular lesion",
    "NV - Melanocytic nevi": "nevus",
    "scc": "squamous cell carcinoma",
    "Squamous cell carcinoma, NOS": "squamous cell carcinoma",
    "benign": "benign",
    "benign lesions": "benign",
    "non cancerous": "benign",
    "UNK": "other",
    "others": "other",
    "miscellaneous": "other",
    "Café-au-lait  macule": "café-au-lait macule",
    "Spitz_nevus": "spitz nevus",
    "reed or spitz nevus": "reed or spitz nevus",
    "Nevus, Atypical, Dysplastic, or Clark": "nevus, atypical, dysplastic, or clark",
    "Benign - Other": "benign - other",
    "Malignant epidermal proliferations": "malignant epidermal proliferations",
    "metastatic-carcinoma": "metastatic-carcinoma",
    "graft-vs-host-disease": "graft-vs-host-disease",
}

# Other diagnoses, by their own names: the older ISIC exports, DermNet, Fitzpatrick17k and DDI.
OTHERS = """
angiofibroma or fibrous papule | cafe-au-lait macule | lentigo NOS | lentigo simplex | scar | neurofibroma
sebaceous hyperplasia | clear cell acanthoma | mucosal melanotic macule | nevus spilus | verruca
acrochordon | Acne and Rosacea Photos | Atopic Dermatitis Photos | Bullous Disease Photos | Eczema Photos
Systemic Disease | Cellulitis Impetigo and other Bacterial Infections | Exanthems and Drug Eruptions
Vasculitis Photos | Hair Loss Photos Alopecia and other Hair Diseases | Herpes HPV and other STDs Photos
Urticaria Hives | Light Diseases and Disorders of Pigmentation | Lupus and other Connective Tissue diseases
Nail Fungus and other Nail Disease | Poison Ivy Photos and other Contact Dermatitis
Psoriasis pictures Lichen Planus and related diseases | Seborrheic Keratoses and other Benign Tumors
Scabies Lyme Disease and other Infestations and Bites | Warts Molluscum and other Viral Infections
Tinea Ringworm Candidiasis and other Fungal Infections | eczema | psoriasis | wart | monkeypox | normal skin
halo nevus | becker nevus | port wine stain | sun damaged skin | striae | tick bite | lyme disease | milia
lymphocytic-infiltrations | focal-acral-hyperkeratosis | abrasions-ulcerations-and-physical-injuries
atypical-spindle-cell-nevus-of-reed | nevus-lipomatosus-superficialis | kaposi-sarcoma | mycosis-fungoides
cellular-neurothekeoma | subcutaneous-t-cell-lymphoma | foreign-body-granuloma | onychomycosis | hematoma
"""

UNDECIDED = """
malignant | malign | indeterminate | unknown | unlabeled | unlabelled | suspicious | AIMP
Atypical Spitz tumor | Collision - At least one malignant proliferation
Atypical intraepithelial melanocytic proliferation
Superficial atypical melanocytic proliferation of uncertain significance | indeterminate/benign
Melanocytic tumor of uncertain malignant potential
"""

OPEN = """
Melanoma Skin Cancer Nevi and Moles | Actinic Keratosis Basal Cell Carcinoma and other Malignant Lesions
no evidence of melanoma | rule out melanoma | melanoma ruled out | nevus vs melanoma | melanoma versus nevus
melanoma? | ?melanoma | melanoma or nevus | melanoma/nevus | melanoma + nevus | nevus with melanoma
mel vs nv | suspicious for melanoma | possible melanoma | melanoma, probably | history of melanoma
benign, not melanoma | melanoma negative | mel (no mel) | melanoma: no | melanoma mimics | melanoma_2
melanoma cancer dataset | melanoma images | lentigo maligna vs solar lentigo | malignant mel. | MM | melanom
Mélanome | nicht melanom | меланома | cancer | skin cancer | premalignant | malignant tumours of the skin
metastasis | pigmented lesions | nevus? | suspicious nevus | non nevus | nevus and others
nevus and other pigmented lesions | melanocytic lesion | skin lesion | skin diseases | batch1 | new folder
patient_12 | 2019 | misc | to_check | other images | images | cats | 0 | 1 | yes | positive | Class 1
diagnosis | Roma | Oklahoma | data | ???
"""


def phrases(text: str) -> list[str]:
    return [phrase.strip() for line in text.strip().splitlines() for phrase in line.split(" | ")]


@pytest.mark.parametrize("name", MELANOMA)
def test_melanoma_with_stage_subtype_or_thickness(name: str) -> None:
    assert canonical(name) == "melanoma"


@pytest.mark.parametrize(("name", "expected"), NAMED.items())
def test_other_diagnoses(name: str, expected: str) -> None:
    assert canonical(name) == expected
    assert canonical(expected) == expected


@pytest.mark.parametrize("name", phrases(OTHERS))
def test_diagnoses_that_keep_their_own_name(name: str) -> None:
    assert canonical(name) in (name.lower(), "benign keratosis")


@pytest.mark.parametrize("name", phrases(UNDECIDED))
def test_names_that_leave_the_diagnosis_undecided(name: str) -> None:
    assert canonical(name) == "undecided"


@pytest.mark.parametrize("name", phrases(OPEN))
def test_names_that_are_not_understood(name: str) -> None:
    assert canonical(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "melanoma " + "1 mm " * 60 + "x",
        "melanoma " + "acral lentiginous " * 15 + "x",
        "arising in a " + "giant " * 40,
    ],
)
def test_long_names_take_no_long_time(name: str) -> None:
    """With a pattern that goes back, the first of these takes longer than the age of the universe."""
    assert canonical(name) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("  Melanoma_in-SITU ", "melanoma in situ"),
        ("Bowen's disease", "bowens disease"),
        ("0,76 mm", "0.76 mm"),
        ("melanoma?", "melanoma?"),
        ("Nævus / Kötner", "naevus kotner"),
        ("\N{NO-BREAK SPACE}melanoma\N{EN DASH}nodular", "melanoma nodular"),
    ],
)
def test_what_spelling_adds_is_folded(name: str, expected: str) -> None:
    assert folded(name) == expected


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (["Malignant", "Malignant melanocytic proliferations (Melanoma)", "Melanoma in situ"], "melanoma"),
        (["Malignant", "Malignant melanocytic proliferations (Melanoma)"], "melanoma"),
        (["Malignant", "Malignant melanocytic proliferations (Melanoma)", "A new kind"], "melanoma"),
        (["Benign", "Benign melanocytic proliferations", "Nevus"], "nevus"),
        (["Benign", "Benign soft tissue proliferations - Vascular"], "vascular lesion"),
        (["Benign", "Benign soft tissue proliferations - Vascular", "Venous lake"], "vascular lesion"),
        (["Benign", "Flat melanotic pigmentations - not melanocytic nevus", "Ephelis"], "ephelis"),
        (["Benign", "Something new"], "something new"),
        (["Malignant", "Malignant epidermal proliferations", "Squamous cell carcinoma, NOS"],
         "squamous cell carcinoma"),
        (["Malignant", "Malignant epidermal proliferations"], "malignant epidermal proliferations"),
        (["Malignant", "Merkel cell proliferation", "Merkel cell carcinoma"], "merkel cell carcinoma"),
        (["Malignant", "Malignant adnexal epithelial proliferations - Sebaceous", "A new kind"],
         "malignant adnexal epithelial proliferations - sebaceous"),
        (["Indeterminate", "Indeterminate epidermal proliferations", "Solar or actinic keratosis"],
         "actinic keratosis"),
        (["Benign"], "benign"),
        (["Benign", "Benign - Other"], "benign - other"),
        (["Malignant"], "undecided"),
        (["Indeterminate"], "undecided"),
        (["Indeterminate", "Indeterminate melanocytic proliferations", "Atypical Spitz tumor"], "undecided"),
        (["Indeterminate", "Indeterminate melanocytic proliferations", "Something new"], "undecided"),
        (["Malignant", "Collision - At least one malignant proliferation"], "undecided"),
        (["AIMP"], "undecided"),
        ([], "undecided"),
        (["Malignant", "Something new"], None),
        (["Benign", "Nevus", "melanoma?"], None),
        (["nevus vs melanoma"], None),
    ],
)  # fmt: skip
def test_of_levels(levels: list[str], expected: str | None) -> None:
    assert of_levels(levels) == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("nevus", "nevus", False),
        ("nevus", "benign", False),
        ("nevus", "other", False),
        ("benign", "not melanoma", False),
        ("nevus", "dermatofibroma", True),
        ("melanoma", "benign", True),
        ("other", "melanoma", True),
    ],
)
def test_contradict(one: str, other: str, expected: bool) -> None:
    assert contradict(one, other) == contradict(other, one) == expected


@pytest.mark.parametrize(
    "name",
    [
        *("acral lentiginous", "Hutchinson freckle", "Hutchinson's melanotic freckle", "nevus and MIS"),
        *("nevus etc", "other than nevus", "anything but nevus", "nevus_review", "nevus=0", "benign=0"),
        # a Cyrillic letter, and words that the vocabulary does not know
        *("mel\u0430noma nevus", "\u9ed1\u8272\u7d20\u7624 nevus"),
    ],
)
def test_a_diagnosis_beside_what_is_not_understood_is_open(name: str) -> None:
    assert canonical(name) is None


def test_what_nobody_sees_changes_no_name() -> None:
    assert canonical("MEL\u200b") == "melanoma"
    assert canonical("blue\u200b nevus\ufeff") == "blue nevus"


def test_benign_and_melanoma_at_once_is_open() -> None:
    assert of_levels(["Benign", "Melanoma"]) is None
