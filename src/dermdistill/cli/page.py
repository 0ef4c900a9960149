"""What ``dermdistill page`` does; imports nothing of PyTorch."""

from pathlib import Path

from dermdistill.errors import printable
from dermdistill.inference.model import model_file
from dermdistill.messages import inform
from dermdistill.outputs import open_output
from dermdistill.page.assemble import page
from dermdistill.signed_page import is_unedited, sign


def write_page(model: Path | None, path: Path, *, overwrite: bool) -> None:
    """Write the page of a model.

    Raises:
        UserError: no such model, or a place that cannot be written.
    """
    file = model_file(model)
    output = open_output(
        path,
        "--output",
        expected="a page of `dermdistill page`",
        is_ours=is_unedited,
        reads=(file,),
        overwrite=overwrite,
    )
    content = sign(page(file)).encode()
    output.write(content)
    inform(f"wrote {printable(str(path))}: {len(content) / 1e6:.1f} MB; open it in a browser")
