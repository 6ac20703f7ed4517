"""The rows of the catalogue: what is known of an instance, a price, a provider and a model, and since when."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

from catalog.engine_images import EngineImage
from catalog.gpus import Gpu, Measurement
from catalog.open_models import Licence, OpenModel

_NO_TEXTS: Mapping[str, str] = MappingProxyType({})
_NO_AMOUNTS: Mapping[str, Decimal] = MappingProxyType({})


@dataclass(frozen=True)
class Instance:
    """One EC2 instance type with GPUs. `gpu_memory_mib` is per GPU, as nvidia-smi shows it."""

    type: str
    vcpus: int
    memory_gib: int
    architecture: str
    gpu: str
    gpu_count: int
    gpu_memory_mib: int
    local_nvme_gb: int
    network_baseline_gbps: Decimal
    source: str
    date: dt.date


@dataclass(frozen=True)
class InstancePrice:
    """What an instance type costs in one region; `spot_usd_per_hour` is a median over its zones at one moment."""

    instance_type: str
    region: str
    on_demand_usd_per_hour: Decimal
    mark: str
    source: str
    date: dt.date
    spot_usd_per_hour: Decimal | None = None
    spot_source: str | None = None
    spot_date: dt.date | None = None


@dataclass(frozen=True)
class UnitPrice:
    """What one unit of an AWS service costs, by region. `marks` names the regions whose figure is not verified."""

    item: str
    unit: str
    usd: Mapping[str, Decimal]
    sources: tuple[str, ...]
    date: dt.date
    marks: Mapping[str, str] = field(default_factory=lambda: _NO_TEXTS)
    note: str = ""


@dataclass(frozen=True)
class FreeQuota:
    """How much of an item an account gets free each month, over all that runs in it."""

    item: str
    quantity: int
    unit: str
    source: str
    date: dt.date
    note: str = ""


ROLE = "role"
"""How a provider is marked that takes AWS's signature, by the role of who calls, in place of a key."""


@dataclass(frozen=True)
class Provider:
    """A managed provider that speaks the OpenAI chat API, and how a request to it is addressed and authenticated.

    `auth` says how: "bearer" and "api-key" are headers with a key, "role" is AWS's signature by the caller's own role.
    `retention_days` is for how long the provider says it keeps requests and answers when nothing else is agreed, and
    `trains_on_requests` whether it trains on them; None is not known.

    `image_addresses` says that it fetches images that are named by their address, and takes nothing but images there.
    `endpoints` are the paths of OpenAI's API at which it answers: for models that the catalogue does not list all of
    them, for chat models those by which one talks with them.

    Of chat requests: `renamed_fields` have another name there, `unsupported_fields` are those that it ignores
    or refuses (a path, tools[].function.strict), `maximum_values` those above which it takes the maximum in silence.
    """

    name: str
    title: str
    auth: str
    source: str
    date: dt.date
    base_url: str = ""
    residency_base_urls: Mapping[str, str] = field(default_factory=lambda: _NO_TEXTS)
    residency_from_region: bool = False
    residency_surcharge_percent: int = 0
    retention_days: int | None = None
    trains_on_requests: bool | None = None
    retention_source: str = ""
    retention_date: dt.date | None = None
    endpoints: tuple[str, ...] = ("chat/completions",)
    renamed_fields: Mapping[str, str] = field(default_factory=lambda: _NO_TEXTS)
    unsupported_fields: tuple[str, ...] = ()
    maximum_values: Mapping[str, Decimal] = field(default_factory=lambda: _NO_AMOUNTS)
    endpoints_source: str = ""
    endpoints_date: dt.date | None = None
    image_addresses: bool = False
    fields_source: str = ""
    fields_date: dt.date | None = None
    note: str = ""


@dataclass(frozen=True)
class ManagedModel:
    """A model of a provider with its prices in USD per million tokens.

    Above `tier_above_input_tokens` input tokens in one request, the whole request costs the tier's prices. Tokens that
    the provider reads from its cache or writes into it cost as other input where no price of theirs is given.
    `maximum_output_tokens` is the longest answer, None when it is not known.
    `image_tokens` is the most that one image costs, in tokens of the prompt, None where images have no known price;
    `high_detail_image_tokens` and `low_detail_image_tokens` one with that detail, where that is less.
    `shuts_down` is the day from which the provider refuses it; None when no date is known.
    `api` is "converse" when only Bedrock Converse serves the model; "chat-completions" is OpenAI's;
    "embeddings" that of models which give vectors, whose output costs nothing.
    """

    provider: str
    model: str
    input_usd_per_million: Decimal
    output_usd_per_million: Decimal
    maximum_input_tokens: int
    source: str
    date: dt.date
    maximum_output_tokens: int | None = None
    cached_input_usd_per_million: Decimal | None = None
    cache_write_usd_per_million: Decimal | None = None
    tier_above_input_tokens: int | None = None
    tier_input_usd_per_million: Decimal | None = None
    tier_output_usd_per_million: Decimal | None = None
    tier_cached_input_usd_per_million: Decimal | None = None
    tier_cache_write_usd_per_million: Decimal | None = None
    image_tokens: int | None = None
    high_detail_image_tokens: int | None = None
    low_detail_image_tokens: int | None = None
    image_source: str = ""
    image_date: dt.date | None = None
    shuts_down: dt.date | None = None
    api: str = "chat-completions"


@dataclass(frozen=True)
class Catalogue:
    """All tables, immutable, each keyed by what names a row.

    `sources` spells out a file's short source names; `prices_checked` is the day on which prices were last compared
    with their sources.
    """

    instances: Mapping[str, Instance]
    instance_prices: Mapping[tuple[str, str], InstancePrice]
    unit_prices: Mapping[str, UnitPrice]
    free_quotas: Mapping[str, FreeQuota]
    providers: Mapping[str, Provider]
    managed_models: Mapping[tuple[str, str], ManagedModel]
    open_models: Mapping[str, OpenModel]
    licences: Mapping[str, Licence]
    gpus: Mapping[str, Gpu]
    measurements: Mapping[tuple[str, ...], Measurement]
    engine_images: Mapping[str, EngineImage]
    prices_checked: dt.date
    sources: Mapping[str, Mapping[str, str]]

    def models_of(self, provider: str) -> tuple[ManagedModel, ...]:
        """Return the models of one provider in the order of the data file; empty for one that is not listed."""
        return tuple(model for (name, _), model in self.managed_models.items() if name == provider)

    @property
    def offered_models(self) -> Mapping[str, OpenModel]:
        """The open models that are of use: those for demos and tests are left out."""
        return {name: row for name, row in self.open_models.items() if not row.for_tests}
