"""The registry: what is promised on the command line is what the entries say."""

import re
from pathlib import PurePosixPath

import pytest

from dermdistill.download.notice import notice
from dermdistill.download.published import PUBLISHED, ChallengeFiles, DataverseFiles, Hosts, Published, find


def test_names() -> None:
    assert [each.name for each in PUBLISHED] == [
        "ham10000",
        "isic2017",
        "isic2018",
        "isic2019",
        "isic2020",
        "milk10k",
    ]


def test_is_found_in_any_case() -> None:
    assert find("HAM10000") is PUBLISHED[0]
    assert find("ham") is None


def test_hosts_are_asked_over_tls() -> None:
    hosts = Hosts()
    for host in (hosts.dataverse, hosts.challenges, hosts.isic_api):
        assert re.fullmatch(r"https://[a-z0-9./-]+[a-z0-9]", host)


@pytest.mark.parametrize("published", PUBLISHED, ids=lambda each: each.name)
def test_terms_are_said(published: Published) -> None:
    assert re.search(r"https://creativecommons\.org/\S+", published.licence)
    assert published.attribution
    text = notice(published)
    assert published.licence in text
    assert all(line in text for line in published.attribution)


@pytest.mark.parametrize("published", PUBLISHED, ids=lambda each: each.name)
def test_tables_come_before_images(published: Published) -> None:
    """A wrong address or a full disk shows before the first large file."""
    if isinstance(published.origin, ChallengeFiles | DataverseFiles):
        large = [
            bool(re.search("Data.zip|Input.zip|JPEG.zip|images", name, re.I))
            for name in published.origin.names
        ]
        assert large == sorted(large)
        assert all(PurePosixPath(name).name == name for name in published.origin.names)
