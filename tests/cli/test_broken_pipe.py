import subprocess
import sys
from pathlib import Path


def test_a_reader_that_has_seen_enough_is_no_failure_to_tell_of(
    model_file: Path, photographs: Path, tmp_path: Path
) -> None:
    """``dermdistill predict ... | head -1``: more lines than a pipe holds, and nobody to read them."""
    listed = tmp_path / "list.txt"
    listed.write_text("".join(f"{path}\n" for path in sorted(photographs.iterdir()) * 80))
    program = "from dermdistill.cli import main; main()"
    arguments = [sys.executable, "-c", program, "predict", "-", "--json", "--model", str(model_file)]
    with (
        listed.open() as names,
        subprocess.Popen(
            arguments, stdin=names, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process,
    ):
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith('{"path"')
        process.stdout.close()
        errors = process.stderr.read()
    assert process.returncode == 1
    assert "Traceback" not in errors
    assert "BrokenPipe" not in errors
