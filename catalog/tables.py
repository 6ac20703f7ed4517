"""The tables of the catalogue, read once from the data files and checked: `catalogue().instances["g6.xlarge"]`."""

import datetime as dt
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any, TypeVar

from catalog.checks import problems
from catalog.engine_images import EngineImage
from catalog.gpus import Gpu, Measurement
from catalog.open_models import Licence, OpenModel
from catalog.reading import CatalogueError, parse, read_rows
from catalog.rows import (
    Catalogue,
    FreeQuota,
    Instance,
    InstancePrice,
    ManagedModel,
    Provider,
    UnitPrice,
)

Key = TypeVar("Key")
Row = TypeVar("Row")
FILES = ("instances.toml", "unit_prices.toml", "providers.toml", "models.toml", "gpus.toml", "engines.toml")


@cache
def catalogue() -> Catalogue:
    """Return the catalogue that ships with this package. Raises CatalogueError when a data file is wrong."""
    return load(files("catalog") / "data")


def load(folder: Traversable) -> Catalogue:
    """Read and check the data files of `folder`. Raises CatalogueError naming file, row and key."""
    documents = {name: parse(folder / name) for name in FILES}
    instances, prices, providers, models, gpus, engines = documents.values()
    loaded = Catalogue(
        instances=_table("instances.toml", instances, "instance", Instance, lambda row: row.type),
        instance_prices=_table(
            "instances.toml", instances, "price", InstancePrice, lambda row: (row.instance_type, row.region)
        ),
        unit_prices=_table("unit_prices.toml", prices, "price", UnitPrice, lambda row: row.item),
        free_quotas=_table("unit_prices.toml", prices, "free", FreeQuota, lambda row: row.item),
        providers=_table("providers.toml", providers, "provider", Provider, lambda row: row.name),
        managed_models=_table(
            "providers.toml", providers, "model", ManagedModel, lambda row: (row.provider, row.model)
        ),
        open_models=_table("models.toml", models, "model", OpenModel, lambda row: row.id),
        licences=_table("models.toml", models, "licence", Licence, lambda row: row.id),
        gpus=_table("gpus.toml", gpus, "gpu", Gpu, lambda row: row.name),
        measurements=_table("gpus.toml", gpus, "measurement", Measurement, lambda row: row.key),
        engine_images=_table("engines.toml", engines, "image", EngineImage, lambda row: row.image),
        prices_checked=min(_checked("instances.toml", instances), _checked("unit_prices.toml", prices)),
        sources=MappingProxyType(
            {name: MappingProxyType(dict(document.get("sources", {}))) for name, document in documents.items()}
        ),
    )
    found = problems(loaded)
    if found:
        raise CatalogueError("the catalogue is wrong:\n  " + "\n  ".join(found))
    return loaded


def _checked(file: str, document: Mapping[str, Any]) -> dt.date:
    found = document.get("checked")
    if not isinstance(found, dt.date):
        raise CatalogueError(f"{file}: checked must be a date such as 2026-11-23, is {found!r}")
    return found


def _table(
    file: str, document: Mapping[str, Any], section: str, kind: type[Row], key: Callable[[Row], Key]
) -> Mapping[Key, Row]:
    table: dict[Key, Row] = {}
    for row in read_rows(file, document, section, kind):
        if key(row) in table:
            raise CatalogueError(f"{file} [[{section}]]: {key(row)} stands there twice")
        table[key(row)] = row
    return MappingProxyType(table)
