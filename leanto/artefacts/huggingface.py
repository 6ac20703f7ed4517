"""Where the files of a model are: Hugging Face, a mirror with the same addresses, or a file or folder at hand."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit

from catalog.open_models import ModelFile, OpenModel
from leanto.artefacts.download import Patience, Wanted, fetch, sha256_of
from leanto.artefacts.errors import SourceError, WrongContentError
from leanto.artefacts.watch import Watch

HUGGING_FACE = "https://huggingface.co"
TOKEN = "HF_TOKEN"  # noqa: S105 - the variable's name


class Login:
    """The user's token, shown to Hugging Face and to nobody else; most models need none."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._token = environ.get(TOKEN, "").strip()

    def headers(self, url: str) -> Mapping[str, str]:
        """Return the token for Hugging Face's own host."""
        at_home = url.startswith(f"{HUGGING_FACE}/")
        return {"Authorization": f"Bearer {self._token}"} if self._token and at_home else {}

    def refused(self, challenge: str) -> bool:
        """Give up: there is one token or none."""
        del challenge
        return False


def file_url(base: str, model: OpenModel, file: ModelFile) -> str:
    """Return the address of a file in the pinned revision."""
    return f"{base.rstrip('/')}/{model.repository}/resolve/{model.revision}/{quote(file.name)}"


def is_url(source: str) -> bool:
    """Tell whether `--from` names a mirror, and no file."""
    return urlsplit(source).scheme in {"http", "https"}


def fetch_file(
    model: OpenModel, file: ModelFile, base: str, folder: Path, environ: Mapping[str, str], watch: Watch,
    patience: Patience | None = None,
) -> Path:  # fmt: skip
    """Return one file of a model, fetched into the cache `folder` if it is not there; raises ArtefactError."""
    wanted = Wanted(file.name, file_url(base, model, file), file.bytes, file.sha256)
    return fetch(wanted, folder / "models" / file.sha256 / file.name, Login(environ), watch, patience)


def file_at_hand(source: Path, model: OpenModel, file: ModelFile, watch: Watch) -> Path:
    """Return a model's file from a file or folder of the user's, once it is known to be the pinned one.

    Raises:
        SourceError: it is not there.
        WrongContentError: it is another file.
    """
    path = source / file.name if source.is_dir() else source
    if not path.is_file():
        raise SourceError(f"{path} is no file; --from names {file.name}, the folder it lies in, or a mirror's address")
    if len(model.files) > 1 and not source.is_dir():
        raise SourceError(f"{model.id} has {len(model.files)} files; --from must name the folder that they lie in")
    if path.stat().st_size != file.bytes:
        raise WrongContentError(
            f"{path} is {path.stat().st_size} bytes, the catalogue says {file.bytes} for {file.name}"
        )
    found = sha256_of(path, file.name, watch)
    if found != file.sha256:
        raise WrongContentError(f"{path} has the SHA-256 {found}, the catalogue says {file.sha256} for {file.name}")
    return path
