"""The rows of open-weight models: which files they are, what serves them, and under which licence."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from catalog.engines import ENGINES

WEIGHTS = tuple(engine.weights for engine in ENGINES.values())
"""What files with weights end in."""
IN_THE_GGUF = "tokenizer.chat_template"
"""Where the chat template stands within a GGUF file: a key of its metadata."""


@dataclass(frozen=True)
class ModelFile:
    """One file of a model's repository, known to the byte."""

    name: str
    bytes: int
    sha256: str

    @property
    def is_weights(self) -> bool:
        """Whether it holds weights, and so is read into the GPU's memory."""
        return self.name.endswith(WEIGHTS)


@dataclass(frozen=True)
class Licence:
    """The licence of models, by its SPDX id.

    A `restricted` one needs an explicit acceptance in the settings; `terms` are the key facts that are told before.
    """

    id: str
    title: str
    restricted: bool
    url: str
    source: str
    date: dt.date
    terms: tuple[str, ...] = ()


@dataclass(frozen=True)
class OpenModel:
    """An open-weight model in one quantisation, pinned by the revision of its repository and the sha256 of each file.

    `kv_bytes_per_token` is the key-value cache of one token of context at 16 bits; `mark` is about it and the layers,
    `files_mark` about the files. `chat_template` is where the template stands: a file, or a key of the GGUF's metadata.
    `for_tests` marks one that speaks no sense; it is made where it is needed, and lies in no repository.
    """

    id: str
    title: str
    engine: str
    parameters_billion: Decimal
    active_parameters_billion: Decimal
    quantisation: str
    files: tuple[ModelFile, ...]
    licence: str
    context_tokens: int
    kv_bytes_per_token: int
    chat_template: str
    mark: str
    source: str
    date: dt.date
    repository: str = ""
    revision: str = ""
    files_mark: str = "verified"
    for_tests: bool = False
    note: str = ""

    @property
    def weights(self) -> tuple[ModelFile, ...]:
        """The files that the engine reads into the GPU's memory."""
        return tuple(file for file in self.files if file.is_weights)

    @property
    def weight_bytes(self) -> int:
        """The size of the weights."""
        return sum(file.bytes for file in self.weights)

    @property
    def total_bytes(self) -> int:
        """The size of all files."""
        return sum(file.bytes for file in self.files)

    @property
    def active_share(self) -> Decimal:
        """Which share of the weights one token reads: all, but for a mixture of experts."""
        return self.active_parameters_billion / self.parameters_billion
