from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dermdistill.judgement.judge import judge_run
from dermdistill.judgement.judgement import Judgement
from dermdistill.runs import RunFolder
from tests.run_folders import Network, write_comparison


@pytest.fixture
def judged(tmp_path: Path) -> Callable[..., Judgement]:
    """The figures of a comparison of networks; keywords as of `write_comparison`."""

    def judge(*networks: Network, **changes: Any) -> Judgement:
        benchmark = changes.pop("benchmark", None)
        run = write_comparison(RunFolder(tmp_path / "run"), networks, **changes)
        if benchmark is not None:
            run.benchmark.write_text(benchmark.model_dump_json())
        else:
            run.failed.write_text('{"another": "it failed, so this is a comparison"}')
        return judge_run(run)

    return judge
