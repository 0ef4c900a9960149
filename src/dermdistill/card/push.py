"""Upload a folder of ``dermdistill card`` to the Hugging Face Hub."""

import glob
from collections.abc import Sequence
from pathlib import Path

from huggingface_hub import HfApi, constants, get_token
from huggingface_hub.errors import HfHubHTTPError, HFValidationError
from huggingface_hub.utils.tqdm import disable_progress_bars

from dermdistill.errors import UserError, printable
from dermdistill.messages import inform

# What an upload raises where the network, the server or its storage fails; the library that it uses for HTTP
# differs between its versions, and the base of its own error is the base of all of that library's.
_FAILURES: tuple[type[BaseException], ...] = (
    *HfHubHTTPError.__bases__,
    OSError,
    RuntimeError,
    ValueError,
)

_REASONS = {
    401: "the token is not accepted; log in again with `hf auth login`, or set HF_TOKEN",
    403: "the token may not write there; make one with write access, or name a repository of your own",
    404: "no such repository or organisation, or it is hidden from this token",
}


def check_repository(repository: str) -> None:
    """Raise UserError, before any work, where nothing can be uploaded: a bad name, or no token."""
    if not repository or repository.count("/") > 1 or repository.strip("/") != repository:
        raise UserError(f"--push {printable(repository)}: expected NAME or ORGANISATION/NAME")
    if get_token() is None:
        raise UserError(
            f"--push {printable(repository)}: no token; log in with `hf auth login`, or set HF_TOKEN"
        )


def push(folder: Path, names: Sequence[str], repository: str) -> str:
    """Upload files of a folder; others in it stay on this computer.

    Args:
        folder: of ``pack.write``.
        names: of the files, relative to it.
        repository: on the Hub; made if it is not there, and private then.

    Returns:
        The address of the repository.

    Raises:
        UserError: the Hub refuses, or cannot be reached.
    """
    disable_progress_bars()
    inform(f"uploading {len(names)} files to {constants.ENDPOINT}")
    api = HfApi()
    try:
        made = api.create_repo(repository, private=True, exist_ok=True)
        api.upload_folder(
            repo_id=made.repo_id,
            folder_path=folder,
            allow_patterns=[glob.escape(name) for name in names],
            commit_message="Evidence written by dermdistill card",
        )
    except HFValidationError as error:
        raise UserError(f"--push {printable(repository)}: {_one_line(error)}") from None
    except _FAILURES as error:
        raise _refused(repository, error) from error
    return str(made)


def _refused(repository: str, error: BaseException) -> UserError:
    name = f"--push {printable(repository)}"
    error = error.__cause__ or error  # which file it was matters less than why
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    if status is None:
        return UserError(
            f"{name}: cannot upload to {constants.ENDPOINT} ({_one_line(error)}); try again later"
        )
    reason = _REASONS.get(status, _one_line(error))
    return UserError(f"{name}: {constants.ENDPOINT} answers {status}: {reason}")


def _one_line(error: BaseException) -> str:
    return printable(" ".join(str(error).split()) or type(error).__name__)[:300]
