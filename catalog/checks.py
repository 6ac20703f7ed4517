"""What must hold within and between the tables; `catalog.tables` refuses data that breaks it."""

import re
from collections.abc import Iterator, Mapping

from catalog.engine_image_checks import engine_image_problems
from catalog.figures import MARKS, one_of, positive
from catalog.gpu_checks import gpu_problems
from catalog.open_model_checks import open_model_problems
from catalog.rows import (
    ROLE,
    Catalogue,
    FreeQuota,
    Instance,
    InstancePrice,
    ManagedModel,
    Provider,
    UnitPrice,
)

ARCHITECTURES = frozenset({"x86_64", "arm64"})
AUTHENTICATIONS = frozenset({"bearer", "api-key", ROLE})
APIS = frozenset({"chat-completions", "converse", "embeddings"})
ENDPOINTS = frozenset({"chat/completions", "completions", "embeddings", "responses"})
DEFAULT_ENDPOINTS = ("chat/completions",)
RESIDENCIES = frozenset({"eu", "us"})
UNITS = frozenset(
    {
        "hour", "GB-hour", "LCU-hour", "NLCU-hour", "budget-day",
        "GB", "GB-month", "GiB-month", "GB-second", "IOPS-month", "MiB/s-month",
        "acl-month", "alarm-month", "dashboard-month", "key-month", "metric-month", "rotation-month", "rule-month",
        "secret-month", "report", "1k", "1k requests", "10k", "100k", "million",
    }
)  # fmt: skip
"""What is counted, with the time for which it is paid."""
_REGION = re.compile(r"[a-z]{2}-(central|north|south|east|west|northeast|southeast|northwest|southwest)-[1-9]")


def problems(catalogue: Catalogue) -> tuple[str, ...]:
    """Return every contradiction found, each naming its row; empty when the tables are sound."""
    return tuple(_all(catalogue))


def _all(catalogue: Catalogue) -> Iterator[str]:
    for instance in catalogue.instances.values():
        yield from _instance(instance)
    for price in catalogue.instance_prices.values():
        yield from _instance_price(price, catalogue.instances)
    for unit in catalogue.unit_prices.values():
        yield from _unit_price(unit)
    for quota in catalogue.free_quotas.values():
        yield from _free_quota(quota, catalogue.unit_prices)
    for provider in catalogue.providers.values():
        yield from _provider(provider)
    for model in catalogue.managed_models.values():
        yield from _managed_model(model, catalogue.providers)
    yield from open_model_problems(catalogue)
    yield from gpu_problems(catalogue)
    yield from engine_image_problems(catalogue)
    yield from _sources(catalogue)


def _regions(where: str, *names: str) -> Iterator[str]:
    for name in names:
        if not _REGION.fullmatch(name):
            yield f"{where}: {name!r} is no AWS region"


def _instance(row: Instance) -> Iterator[str]:
    where = f"instance {row.type}"
    yield from positive(where, vcpus=row.vcpus, memory_gib=row.memory_gib, gpu_count=row.gpu_count)
    yield from positive(where, gpu_memory_mib=row.gpu_memory_mib, network_baseline_gbps=row.network_baseline_gbps)
    yield from one_of(where, "architecture", row.architecture, ARCHITECTURES)
    if row.local_nvme_gb < 0:
        yield f"{where}: local_nvme_gb must be zero or more, is {row.local_nvme_gb}"


def _instance_price(row: InstancePrice, instances: Mapping[str, Instance]) -> Iterator[str]:
    where = f"price of {row.instance_type} in {row.region}"
    if row.instance_type not in instances:
        yield f"{where}: the instance type is not listed"
    yield from _regions(where, row.region)
    yield from one_of(where, "mark", row.mark, MARKS)
    yield from positive(where, on_demand=row.on_demand_usd_per_hour, spot=row.spot_usd_per_hour)
    spot = (row.spot_usd_per_hour, row.spot_source, row.spot_date)
    if any(part is None for part in spot) and any(part is not None for part in spot):
        yield f"{where}: a spot price needs its source and date, and they need it"
    if row.spot_usd_per_hour is not None and row.spot_usd_per_hour > row.on_demand_usd_per_hour:
        yield f"{where}: spot {row.spot_usd_per_hour} is dearer than on demand {row.on_demand_usd_per_hour}"


def _unit_price(row: UnitPrice) -> Iterator[str]:
    where = f"unit price {row.item}"
    yield from one_of(where, "unit", row.unit, UNITS)
    yield from _regions(where, *row.usd)
    for region, usd in row.usd.items():
        yield from positive(where, **{region: usd})
    for region, mark in row.marks.items():
        yield from one_of(where, f"mark of {region}", mark, MARKS)
        if region not in row.usd:
            yield f"{where}: {region} is marked and has no price"


def _free_quota(row: FreeQuota, prices: Mapping[str, UnitPrice]) -> Iterator[str]:
    where = f"free quota of {row.item}"
    yield from positive(where, quantity=row.quantity)
    if row.item not in prices:
        yield f"{where}: the item has no price"
    elif prices[row.item].unit != row.unit:
        yield f"{where}: counted in {row.unit}, priced by {prices[row.item].unit}"


def _provider(row: Provider) -> Iterator[str]:
    where = f"provider {row.name}"
    yield from one_of(where, "auth", row.auth, AUTHENTICATIONS)
    yield from _endpoints(where, row)
    for residency in row.residency_base_urls:
        yield from one_of(where, "residency", residency, RESIDENCIES)
    for url in (row.base_url, *row.residency_base_urls.values()):
        if url and (not url.startswith("https://") or url.endswith("/")):
            yield f"{where}: {url!r} must begin with https:// and end without a slash"
    if not 0 <= row.residency_surcharge_percent <= 100:
        yield f"{where}: residency_surcharge_percent must be 0 to 100, is {row.residency_surcharge_percent}"
    has_rules = bool(row.renamed_fields or row.unsupported_fields or row.maximum_values)
    if has_rules != bool(row.fields_source and row.fields_date):
        yield f"{where}: what it does with fields needs fields_source and fields_date, and they need it"
    if row.residency_from_region and "{region}" not in row.base_url:
        yield f"{where}: residency_from_region needs a base_url with {{region}}"


def _endpoints(where: str, row: Provider) -> Iterator[str]:
    for endpoint in row.endpoints:
        yield from one_of(where, "endpoints", endpoint, ENDPOINTS)
    sourced = bool(row.endpoints_source)
    if sourced != (row.endpoints != DEFAULT_ENDPOINTS) or sourced != bool(row.endpoints_date):
        yield f"{where}: other endpoints than chat completions need endpoints_source and endpoints_date"


def _managed_model(row: ManagedModel, providers: Mapping[str, Provider]) -> Iterator[str]:
    where = f"model {row.model} of {row.provider}"
    if row.provider not in providers:
        yield f"{where}: the provider is not listed"
    yield from one_of(where, "api", row.api, APIS)
    yield from positive(where, input=row.input_usd_per_million)
    if row.api != "embeddings":
        yield from positive(where, output=row.output_usd_per_million)
    elif row.output_usd_per_million:
        yield f"{where}: embeddings have no output that costs"
    yield from positive(where, cached_input=row.cached_input_usd_per_million, input_tokens=row.maximum_input_tokens)
    tier = (row.tier_above_input_tokens, row.tier_input_usd_per_million, row.tier_output_usd_per_million)
    if any(part is None for part in tier) and any(part is not None for part in tier):
        yield f"{where}: a tier needs its limit and both prices"
    yield from positive(where, tier_above=tier[0], tier_input=tier[1], tier_output=tier[2])
    yield from positive(where, output_tokens=row.maximum_output_tokens, cache_write=row.cache_write_usd_per_million)
    of_tier = (row.tier_cached_input_usd_per_million, row.tier_cache_write_usd_per_million)
    yield from positive(where, tier_cached_input=of_tier[0], tier_cache_write=of_tier[1])
    if tier[0] is None and any(part is not None for part in of_tier):
        yield f"{where}: prices of a tier need the tier's limit"
    yield from _images(where, row)


def _images(where: str, row: ManagedModel) -> Iterator[str]:
    by_detail = (row.high_detail_image_tokens, row.low_detail_image_tokens)
    yield from positive(where, image_tokens=row.image_tokens, high_detail=by_detail[0], low_detail=by_detail[1])
    if row.image_tokens is None and (any(by_detail) or row.image_source or row.image_date):
        yield f"{where}: what is said of images needs image_tokens"
    if row.image_tokens is not None:
        if not (row.image_source and row.image_date):
            yield f"{where}: image_tokens needs image_source and image_date"
        if any(tokens is not None and tokens > row.image_tokens for tokens in by_detail):
            yield f"{where}: no detail of an image costs more than image_tokens"


def _sources(catalogue: Catalogue) -> Iterator[str]:
    used: dict[str, set[str]] = {
        "instances.toml": {row.source for row in catalogue.instances.values()}
        | {row.source for row in catalogue.instance_prices.values()}
        | {row.spot_source for row in catalogue.instance_prices.values() if row.spot_source},
        "unit_prices.toml": {source for row in catalogue.unit_prices.values() for source in row.sources}
        | {row.source for row in catalogue.free_quotas.values()},
        "providers.toml": {row.source for row in catalogue.providers.values()}
        | {row.source for row in catalogue.managed_models.values()},
        "models.toml": {row.source for row in catalogue.open_models.values()}
        | {row.source for row in catalogue.licences.values()},
        "gpus.toml": {row.source for row in catalogue.gpus.values()}
        | {row.source for row in catalogue.measurements.values()},
        "engines.toml": {row.source for row in catalogue.engine_images.values()},
    }
    for file, names in used.items():
        for name in sorted(names ^ set(catalogue.sources[file])):
            yield f"{file}: source {name!r} is {'not described' if name in names else 'used by no row'}"
