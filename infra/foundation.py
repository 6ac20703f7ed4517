"""What a stack is made of, and what all of it stands on."""

from collections.abc import Mapping
from dataclasses import dataclass

from catalog.rows import Catalogue
from infra.bundles import Bundle
from infra.components.function import Surroundings
from infra.components.keys import Keys
from infra.components.storage import Storage
from infra.components.table import Table
from infra.components.topics import Topics
from infra.defaults import CAUTION, Caution
from infra.naming import Names
from infra.settings import Settings


@dataclass(frozen=True)
class Site:
    """All that a stack is made of: settings, names, tags, zones, code and the catalogue."""

    settings: Settings
    names: Names
    tags: Mapping[str, str]
    zones: tuple[str, ...]
    bundles: Mapping[str, Bundle]
    tables: Catalogue

    @property
    def caution(self) -> Caution:
        """How cautious the environment is."""
        return CAUTION[self.settings.environment]

    @property
    def group(self) -> str:
        """Name of the pool's group; empty without a pool."""
        return self.names.group if self.settings.has_pool else ""


@dataclass(frozen=True)
class Base:
    """What everything else stands on."""

    keys: Keys
    storage: Storage
    table: Table
    topics: Topics


def surroundings(site: Site, base: Base) -> Surroundings:
    """Return what all functions of the stack have in common."""
    settings = site.settings
    return Surroundings(
        site.names,
        base.storage.code,
        base.keys.data_arn,
        settings.function_architecture,
        settings.function_python,
        settings.log_retention_days,
    )
