"""What ``--cluster`` takes."""

import pytest

from dermdistill.cluster.connection import check_cluster, need_ray
from dermdistill.errors import UserError


@pytest.mark.parametrize(
    "cluster", ["auto", "local", "local:1", "local:64", "10.0.0.1:6379", "head:6379", "ray://head:10001"]
)
def test_clusters(cluster: str) -> None:
    check_cluster(cluster)


@pytest.mark.parametrize(
    "cluster", ["", "local:", "local:0", "local:two", "head", "a b:1", "http://a:1", "x\n:1"]
)
def test_what_is_no_cluster_is_one_line(cluster: str) -> None:
    with pytest.raises(UserError, match="expected auto, the address of a cluster") as error:
        check_cluster(cluster)
    assert "\n" not in str(error.value)


def test_without_ray_one_line_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"^--cluster: needs Ray: pip install 'dermdistill\[ray\]'$"):
        need_ray("--cluster")
