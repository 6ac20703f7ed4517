"""What must hold within and between the tables; `catalog.tables` refuses data that breaks it."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from catalog.rows import (
    ROLE,
    Catalogue,
    FreeQuota,
    Instance,
    InstancePrice,
    ManagedModel,
    OpenModel,
    Provider,
    UnitPrice,
)

MARKS = frozenset({"verified", "derived", "weak", "unverified"})
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
_SHA256 = re.compile(r"[0-9a-f]{64}")
_REVISION = re.compile(r"[0-9a-f]{40}")


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
    for open_model in catalogue.open_models.values():
        yield from _open_model(open_model)
    yield from _sources(catalogue)


def _positive(where: str, **amounts: Decimal | int | None) -> Iterator[str]:
    for name, amount in amounts.items():
        if amount is not None and amount <= 0:
            yield f"{where}: {name} must be above zero, is {amount}; leave an unknown figure out"


def _one_of(where: str, name: str, value: str, allowed: frozenset[str]) -> Iterator[str]:
    if value not in allowed:
        yield f"{where}: {name} must be one of {', '.join(sorted(allowed))}, is {value!r}"


def _regions(where: str, *names: str) -> Iterator[str]:
    for name in names:
        if not _REGION.fullmatch(name):
            yield f"{where}: {name!r} is no AWS region"


def _instance(row: Instance) -> Iterator[str]:
    where = f"instance {row.type}"
    yield from _positive(where, vcpus=row.vcpus, memory_gib=row.memory_gib, gpu_count=row.gpu_count)
    yield from _positive(where, gpu_memory_mib=row.gpu_memory_mib, network_baseline_gbps=row.network_baseline_gbps)
    yield from _one_of(where, "architecture", row.architecture, ARCHITECTURES)
    if row.local_nvme_gb < 0:
        yield f"{where}: local_nvme_gb must be zero or more, is {row.local_nvme_gb}"


def _instance_price(row: InstancePrice, instances: Mapping[str, Instance]) -> Iterator[str]:
    where = f"price of {row.instance_type} in {row.region}"
    if row.instance_type not in instances:
        yield f"{where}: the instance type is not listed"
    yield from _regions(where, row.region)
    yield from _one_of(where, "mark", row.mark, MARKS)
    yield from _positive(where, on_demand=row.on_demand_usd_per_hour, spot=row.spot_usd_per_hour)
    spot = (row.spot_usd_per_hour, row.spot_source, row.spot_date)
    if any(part is None for part in spot) and any(part is not None for part in spot):
        yield f"{where}: a spot price needs its source and date, and they need it"
    if row.spot_usd_per_hour is not None and row.spot_usd_per_hour > row.on_demand_usd_per_hour:
        yield f"{where}: spot {row.spot_usd_per_hour} is dearer than on demand {row.on_demand_usd_per_hour}"


def _unit_price(row: UnitPrice) -> Iterator[str]:
    where = f"unit price {row.item}"
    yield from _one_of(where, "unit", row.unit, UNITS)
    yield from _regions(where, *row.usd)
    for region, usd in row.usd.items():
        yield from _positive(where, **{region: usd})
    for region, mark in row.marks.items():
        yield from _one_of(where, f"mark of {region}", mark, MARKS)
        if region not in row.usd:
            yield f"{where}: {region} is marked and has no price"


def _free_quota(row: FreeQuota, prices: Mapping[str, UnitPrice]) -> Iterator[str]:
    where = f"free quota of {row.item}"
    yield from _positive(where, quantity=row.quantity)
    if row.item not in prices:
        yield f"{where}: the item has no price"
    elif prices[row.item].unit != row.unit:
        yield f"{where}: counted in {row.unit}, priced by {prices[row.item].unit}"


def _provider(row: Provider) -> Iterator[str]:
    where = f"provider {row.name}"
    yield from _one_of(where, "auth", row.auth, AUTHENTICATIONS)
    for endpoint in row.endpoints:
        yield from _one_of(where, "endpoints", endpoint, ENDPOINTS)
    for residency in row.residency_base_urls:
        yield from _one_of(where, "residency", residency, RESIDENCIES)
    for url in (row.base_url, *row.residency_base_urls.values()):
        if url and (not url.startswith("https://") or url.endswith("/")):
            yield f"{where}: {url!r} must begin with https:// and end without a slash"
    if not 0 <= row.residency_surcharge_percent <= 100:
        yield f"{where}: residency_surcharge_percent must be 0 to 100, is {row.residency_surcharge_percent}"
    if bool(row.endpoints_source) != (row.endpoints != DEFAULT_ENDPOINTS) or (
        bool(row.endpoints_source) != bool(row.endpoints_date)
    ):
        yield f"{where}: other endpoints than chat completions need endpoints_source and endpoints_date"
    has_rules = bool(row.renamed_fields or row.unsupported_fields or row.maximum_values)
    if has_rules != bool(row.fields_source and row.fields_date):
        yield f"{where}: what it does with fields needs fields_source and fields_date, and they need it"
    if row.residency_from_region and "{region}" not in row.base_url:
        yield f"{where}: residency_from_region needs a base_url with {{region}}"


def _managed_model(row: ManagedModel, providers: Mapping[str, Provider]) -> Iterator[str]:
    where = f"model {row.model} of {row.provider}"
    if row.provider not in providers:
        yield f"{where}: the provider is not listed"
    yield from _one_of(where, "api", row.api, APIS)
    yield from _positive(where, input=row.input_usd_per_million)
    if row.api != "embeddings":
        yield from _positive(where, output=row.output_usd_per_million)
    elif row.output_usd_per_million:
        yield f"{where}: embeddings have no output that costs"
    yield from _positive(where, cached_input=row.cached_input_usd_per_million, input_tokens=row.maximum_input_tokens)
    tier = (row.tier_above_input_tokens, row.tier_input_usd_per_million, row.tier_output_usd_per_million)
    if any(part is None for part in tier) and any(part is not None for part in tier):
        yield f"{where}: a tier needs its limit and both prices"
    yield from _positive(where, tier_above=tier[0], tier_input=tier[1], tier_output=tier[2])
    yield from _positive(where, output_tokens=row.maximum_output_tokens, cache_write=row.cache_write_usd_per_million)
    of_tier = (row.tier_cached_input_usd_per_million, row.tier_cache_write_usd_per_million)
    yield from _positive(where, tier_cached_input=of_tier[0], tier_cache_write=of_tier[1])
    if tier[0] is None and any(part is not None for part in of_tier):
        yield f"{where}: prices of a tier need the tier's limit"


def _open_model(row: OpenModel) -> Iterator[str]:
    where = f"model {row.id}"
    yield from _positive(where, bytes=row.bytes, context_tokens=row.context_tokens, kv=row.kv_bytes_per_token)
    yield from _positive(where, parameters=row.parameters_billion, active=row.active_parameters_billion)
    yield from _one_of(where, "mark", row.mark, MARKS)
    if not _SHA256.fullmatch(row.sha256):
        yield f"{where}: sha256 must be 64 lower-case hexadecimal digits"
    if not _REVISION.fullmatch(row.revision):
        yield f"{where}: revision must be a commit of 40 hexadecimal digits"
    if not row.file.endswith(".gguf"):
        yield f"{where}: {row.file!r} is no GGUF file"
    if row.restricted != row.licence.startswith("LicenseRef-"):
        yield f"{where}: licence {row.licence} and restricted = {str(row.restricted).lower()} do not go together"
    if row.restricted and not row.licence_note:
        yield f"{where}: a restricted licence needs licence_note, its key terms"


def _sources(catalogue: Catalogue) -> Iterator[str]:
    used: dict[str, set[str]] = {
        "instances.toml": {row.source for row in catalogue.instances.values()}
        | {row.source for row in catalogue.instance_prices.values()}
        | {row.spot_source for row in catalogue.instance_prices.values() if row.spot_source},
        "unit_prices.toml": {source for row in catalogue.unit_prices.values() for source in row.sources}
        | {row.source for row in catalogue.free_quotas.values()},
        "providers.toml": {row.source for row in catalogue.providers.values()}
        | {row.source for row in catalogue.managed_models.values()},
        "models.toml": {row.source for row in catalogue.open_models.values()},
    }
    for file, names in used.items():
        for name in sorted(names ^ set(catalogue.sources[file])):
            yield f"{file}: source {name!r} is {'not described' if name in names else 'used by no row'}"
