"""What can be downloaded: names, licences, hosts and files of published data sets.

Where the facts are from:

- ISIC challenges: the tables of challenge.isic-archive.com/data (files, sizes, numbers of images, licences,
  how to cite).
- HAM10000: its Dataverse record, doi:10.7910/DVN/DBW86T; its size is that of the same images in the tables
  of the challenge of 2018.
- MILK10k: doi:10.34970/648456, which is collection 425 of the ISIC Archive; its size is that of the
  challenge's archive of its images.

Sizes are sums of rounded ones. A Dataverse publishes checksums, which are asked for and not kept here; no
other host publishes any.
"""

from dataclasses import dataclass

CC_BY_NC = "CC BY-NC 4.0, no commercial use, https://creativecommons.org/licenses/by-nc/4.0/"
CC_0 = "CC0, public domain, https://creativecommons.org/publicdomain/zero/1.0/"


@dataclass(frozen=True, slots=True)
class Hosts:
    """Where the publishers' servers are; without a slash at the end."""

    dataverse: str = "https://dataverse.harvard.edu"
    challenges: str = "https://isic-archive.s3.amazonaws.com/challenges"
    isic_api: str = "https://api.isic-archive.com/api/v2"


@dataclass(frozen=True, slots=True)
class DataverseFiles:
    """Files of a Dataverse record; tables are named without their ending, which the record may change."""

    doi: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChallengeFiles:
    """Files of an ISIC challenge.

    Attributes:
        folder: on the host.
        names: ZIP archives and tables.
        left_packed: files of the archives whose names end so are not lesion images and stay packed.
    """

    folder: str
    names: tuple[str, ...]
    left_packed: str | None = None


@dataclass(frozen=True, slots=True)
class IsicCollection:
    """Images of a collection of the ISIC Archive, one by one, with the archive's metadata."""

    number: int


@dataclass(frozen=True, slots=True)
class Published:
    """A data set and the terms of its publishers.

    Attributes:
        name: on the command line.
        images: in words, as the publishers count them.
        size: of all that is downloaded, in words.
        licence: its name and where it can be read.
        attribution: what the licence asks to be said; a line each.
        origin: where its files are.
        without_file: images that a table lists and no archive holds.
    """

    name: str
    images: str
    size: str
    licence: str
    attribution: tuple[str, ...]
    origin: DataverseFiles | ChallengeFiles | IsicCollection
    without_file: frozenset[str] = frozenset()


_HAM10000 = (
    "HAM10000: (c) ViDIR Group, Department of Dermatology, Medical University of Vienna. Tschandl P., "
    "Rosendahl C., Kittler H., Sci. Data 5, 180161 (2018), https://doi.org/10.1038/sdata.2018.161"
)
_CHALLENGE_2017 = "Codella N. et al., the ISIC challenge of 2017, https://arxiv.org/abs/1710.05006"
_MSK = "MSK: (c) Anonymous, https://arxiv.org/abs/1710.05006, https://arxiv.org/abs/1902.03368"

PUBLISHED = (
    Published(
        "ham10000",
        images="10,015 training, 1,511 test",
        size="3.0 GB",
        licence=CC_BY_NC,
        attribution=(_HAM10000, "Data: https://doi.org/10.7910/DVN/DBW86T"),
        origin=DataverseFiles(
            "10.7910/DVN/DBW86T",
            (
                "HAM10000_metadata",
                "ISIC2018_Task3_Test_GroundTruth",
                "HAM10000_images_part_1.zip",
                "HAM10000_images_part_2.zip",
                "ISIC2018_Task3_Test_Images.zip",
            ),
        ),
        # The challenge's own scoring leaves it out; its table lists 1,512 images, its archive holds 1,511.
        without_file=frozenset({"ISIC_0035068"}),
    ),
    Published(
        "isic2017",
        images="2,000 training, 150 validation, 600 test",
        size="12 GB",
        licence=CC_0,
        attribution=(_CHALLENGE_2017,),
        origin=ChallengeFiles(
            "2017",
            (
                "ISIC-2017_Training_Part3_GroundTruth.csv",
                "ISIC-2017_Validation_Part3_GroundTruth.csv",
                "ISIC-2017_Test_v2_Part3_GroundTruth.csv",
                "ISIC-2017_Training_Data.zip",
                "ISIC-2017_Validation_Data.zip",
                "ISIC-2017_Test_v2_Data.zip",
            ),
            left_packed="_superpixels.png",
        ),
    ),
    Published(
        "isic2018",
        images="10,015 training, 193 validation, 1,512 test",
        size="3.1 GB",
        licence=CC_BY_NC,
        attribution=(
            _HAM10000,
            _MSK,
            "Codella N. et al., the ISIC challenge of 2018, https://arxiv.org/abs/1902.03368",
        ),
        origin=ChallengeFiles(
            "2018",
            (
                "ISIC2018_Task3_Training_LesionGroupings.csv",
                "ISIC2018_Task3_Training_GroundTruth.zip",
                "ISIC2018_Task3_Validation_GroundTruth.zip",
                "ISIC2018_Task3_Test_GroundTruth.zip",
                "ISIC2018_Task3_Training_Input.zip",
                "ISIC2018_Task3_Validation_Input.zip",
                "ISIC2018_Task3_Test_Input.zip",
            ),
        ),
    ),
    Published(
        "isic2019",
        images="25,331 training, 8,238 test",
        size="13 GB",
        licence=CC_BY_NC,
        attribution=(
            "BCN_20000: (c) Department of Dermatology, Hospital Clínic de Barcelona. Hernández-Pérez C. "
            "et al., Sci. Data 11, 641 (2024)",
            _HAM10000,
            _MSK,
            _CHALLENGE_2017,
        ),
        origin=ChallengeFiles(
            "2019",
            (
                "ISIC_2019_Training_GroundTruth.csv",
                "ISIC_2019_Training_Metadata.csv",
                "ISIC_2019_Test_GroundTruth.csv",
                "ISIC_2019_Test_Metadata.csv",
                "ISIC_2019_Training_Input.zip",
                "ISIC_2019_Test_Input.zip",
            ),
        ),
    ),
    Published(
        "isic2020",
        images="33,126 training, 10,982 test (no diagnoses)",
        size="30 GB",
        licence=CC_BY_NC,
        attribution=(
            "International Skin Imaging Collaboration. SIIM-ISIC 2020 Challenge Dataset (2020), "
            "https://doi.org/10.34970/2020-ds01",
            "Sources: Hospital Clínic de Barcelona, Medical University of Vienna, Memorial Sloan Kettering "
            "Cancer Center, Melanoma Institute Australia, The University of Queensland, University of Athens "
            "Medical School",
            "Rotemberg V. et al., Sci. Data 8, 34 (2021), https://doi.org/10.1038/s41597-021-00815-z",
        ),
        origin=ChallengeFiles(
            "2020",
            (
                # Version 2 has lesion ids; version 1 beside it would be a second table of the same images.
                "ISIC_2020_Training_GroundTruth_v2.csv",
                "ISIC_2020_Training_Duplicates.csv",
                "ISIC_2020_Test_Metadata.csv",
                "ISIC_2020_Training_JPEG.zip",
                "ISIC_2020_Test_JPEG.zip",
            ),
        ),
    ),
    Published(
        "milk10k",
        images="10,480 (5,240 dermoscopic, 5,240 clinical)",
        size="0.3 GB",
        licence=CC_BY_NC,
        attribution=(
            "MILK study team. MILK10k. ISIC Archive, 2025, https://doi.org/10.34970/648456",
            "Tschandl P. et al., J. Invest. Dermatol. 146, 357 (2026), https://doi.org/10.1016/j.jid.2025.06.1594",
        ),
        origin=IsicCollection(425),
    ),
)


def find(name: str) -> Published | None:
    """The data set of this name, in whatever case."""
    return next((published for published in PUBLISHED if published.name == name.lower()), None)
