"""The settings of a stack: read in this one place, checked against each other and the catalogue, refused all at once.

Types, meanings and defaults stand in `Pulumi.yaml`; what a value may be stands here.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from catalog.engine_images import PATTERN as IMAGE_REFERENCE
from catalog.engines import ENGINES
from catalog.rows import Catalogue
from catalog.tables import catalogue
from infra.checks.all import problems
from infra.checks.tagging import TAG_KEY, TAG_VALUE
from infra.content import CONTENT_GUARDRAIL
from infra.guardrail import Guardrail
from infra.problems import Problem, SettingsError, closest
from infra.readers import FILE, Reader, array, boolean, choice, either, integer, mapping, price, record, text
from infra.regions import REGIONS
from infra.routes import Fallback, Route

NAMESPACE = "leanto"
ABILITIES = ("tools", "vision")
"""What a model may lack, by the names that the gateway knows."""

MASK_PATTERNS = ("card", "email", "iban", "key", "phone")
"""What may be masked in requests, by the names that the gateway knows."""

LOG_RETENTION_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731)
"""Days that CloudWatch Logs accepts, up to two years."""

ARCHITECTURES, PYTHONS = ("arm64", "x86_64"), ("3.11", "3.12", "3.13", "3.14")

MASKS = array(choice(*MASK_PATTERNS), 0, len(MASK_PATTERNS))
AUTO = "auto"
"""As many slots as fit, up to what the engine has been measured with; the processor of the instance types."""

MODEL_NAME = text(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,127}", "letters, digits and . _ : / @ -, at most 128 characters")
PROVIDER_NAME = text(r"[a-z][a-z0-9-]{0,31}", "the name of a provider in catalog/data/providers.toml")
INSTANCE_TYPE = text(r"[a-z0-9-]+\.[a-z0-9-]+", "an EC2 instance type such as g6.xlarge")
LICENCE = text(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,63}", "the id of a licence, as `leanto models list` shows it")
EMAIL = text(
    r"[^\s@,;<>\"]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}", "an e-mail address such as team@example.com"
)

MANAGED: Mapping[str, tuple[str, Reader[Any]]] = MappingProxyType(
    {
        "provider": ("provider", PROVIDER_NAME),
        "providerModel": ("provider_model", MODEL_NAME),
        "inputUsdPerMillion": ("input_usd_per_million", price(10_000)),
        "outputUsdPerMillion": ("output_usd_per_million", price(10_000)),
        "maximumOutputTokens": ("maximum_output_tokens", integer(1, 10_000_000)),
        "lacks": ("lacks", array(choice(*ABILITIES), 0, len(ABILITIES))),
    }
)
FALLBACK = record(Fallback, MANAGED, required=frozenset({"provider", "providerModel"}))
ROUTE = record(
    Route,
    {
        "model": ("model", MODEL_NAME),
        **MANAGED,
        "localModel": ("local_model", MODEL_NAME),
        "fallbacks": ("fallbacks", array(FALLBACK, 0, 5)),
        "dropUnsupported": ("drop_unsupported", boolean()),
        "maskPatterns": ("mask_patterns", MASKS),
        "guardrail": ("guardrail", CONTENT_GUARDRAIL),
    },
    required=frozenset({"model"}),
)

READERS: Mapping[str, Reader[Any]] = MappingProxyType(
    {
        "mode": choice("managed", "gpu", "hybrid"),
        "environment": choice("dev", "prod"),
        "region": choice(*REGIONS),
        "routes": array(ROUTE, 1, 100, unique=False),
        "providersAllowed": array(PROVIDER_NAME, 0, 20),
        "providerBaseUrls": mapping(PROVIDER_NAME, text(r"\S{1,512}", "a URL that begins with https://")),
        "bedrockGuardrailId": text(r"([a-z0-9]{1,64})?", "small letters and digits, as AWS gives it"),
        "bedrockGuardrailVersion": text(r"([1-9][0-9]{0,7})?", "the number of a version, such as 1; no draft"),
        "maskPatterns": MASKS,
        "residency": choice("any", "eu", "us"),
        "gpuModel": MODEL_NAME,
        "gpuEngine": choice(*ENGINES),
        "gpuContextTokens": integer(256, 1_048_576),
        "gpuSlots": either(AUTO, integer(1, 256)),
        "licencesAccepted": array(LICENCE, 0, 20),
        "gpuInstanceTypes": array(INSTANCE_TYPE, 1, 20),
        "gpuMaximumNodes": integer(1, 50),
        "gpuSpot": boolean(),
        "gpuAmiId": text(
            r"(ami-([0-9a-f]{8}|[0-9a-f]{17}))?",
            "ami- and 8 or 17 hexadecimal digits",
            "write the newest image of the region with `leanto ami pin --stack STACK`",
        ),
        "gpuEngineImage": text(
            rf"({IMAGE_REFERENCE})?",
            "a container image by its digest: HOST/NAME:TAG@sha256: and 64 hexadecimal digits",
            "write it with `leanto engine-image pin --stack STACK`",
        ),
        "gpuEngineArchiveSha256": text(
            r"([0-9a-f]{64})?",
            "64 lower-case hexadecimal digits",
            "write it with `leanto engine-image pin --stack STACK`",
        ),
        "gpuNodePython": choice(*PYTHONS),
        "gpuNodeArchitecture": choice(AUTO, *ARCHITECTURES),
        "availabilityZoneCount": integer(1, 4),
        "vpcCidr": text(r"\d{1,3}(\.\d{1,3}){3}/\d{1,2}", "a private IPv4 range such as 10.64.0.0/20"),
        "monthlyCapUsd": integer(1, 1_000_000),
        "monthlySpendUsd": integer(0, 1_000_000),
        "alertEmails": array(EMAIL, 0, 10),
        "dashboard": boolean(),
        "tags": mapping(TAG_KEY, TAG_VALUE),
        "logRetentionDays": integer(1, 731, LOG_RETENTION_DAYS),
        "gatewayMemoryMib": integer(256, 10240),
        "gatewayReservedConcurrency": integer(1, 1000),
        "throttleRequestsPerSecond": integer(1, 10000),
        "throttleBurst": integer(1, 5000),
        # Lambda takes 6 MB with the event around the body, in which quotes and line ends count twice.
        "maximumRequestBytes": integer(1024, 5 * 1024 * 1024),
        # Function and integration get some seconds more, and neither may have more than 900.
        "requestTimeoutSeconds": integer(5, 870),
        "tableMaximumReadUnits": integer(1, 40000),
        "tableMaximumWriteUnits": integer(1, 40000),
        "functionArchitecture": choice(*ARCHITECTURES),
        "functionPython": choice(*PYTHONS),
        "manageApiGatewayAccount": boolean(),
    }
)
"""What each setting may be, by its key in `Pulumi.yaml`."""


@dataclass(frozen=True)
class Settings:
    """All settings of a stack, valid by themselves and together. Meanings stand in `Pulumi.yaml`."""

    mode: str
    environment: str
    region: str
    routes: tuple[Route, ...]
    providers_allowed: tuple[str, ...]
    provider_base_urls: Mapping[str, str]
    bedrock_guardrail_id: str
    bedrock_guardrail_version: str
    mask_patterns: tuple[str | None, ...]
    residency: str
    gpu_model: str
    gpu_engine: str
    gpu_context_tokens: int
    gpu_slots: int | str
    licences_accepted: tuple[str | None, ...]
    gpu_instance_types: tuple[str, ...]
    gpu_maximum_nodes: int
    gpu_spot: bool
    gpu_ami_id: str
    gpu_engine_image: str
    gpu_engine_archive_sha256: str
    gpu_node_python: str
    gpu_node_architecture: str
    availability_zone_count: int
    vpc_cidr: str
    monthly_cap_usd: int
    monthly_spend_usd: int
    alert_emails: tuple[str, ...]
    dashboard: bool
    tags: Mapping[str, str]
    log_retention_days: int
    gateway_memory_mib: int
    gateway_reserved_concurrency: int
    throttle_requests_per_second: int
    throttle_burst: int
    maximum_request_bytes: int
    request_timeout_seconds: int
    table_maximum_read_units: int
    table_maximum_write_units: int
    function_architecture: str
    function_python: str
    manage_api_gateway_account: bool

    @property
    def has_pool(self) -> bool:
        """Whether the stack has a GPU pool."""
        return self.mode != "managed"

    @property
    def providers(self) -> tuple[str, ...]:
        """The providers that the stack may call, each with a secret for its key."""
        return () if self.mode == "gpu" else self.providers_allowed

    @property
    def guardrail(self) -> Guardrail | None:
        """The guardrail that requests to Bedrock pass."""
        if not self.bedrock_guardrail_id:
            return None
        return Guardrail(self.bedrock_guardrail_id, self.bedrock_guardrail_version)


def read_settings(raw: Mapping[str, object], tables: Catalogue | None = None) -> Settings:
    """Return the settings that namespaced keys (`leanto:mode`) describe.

    Values are typed, or texts as Pulumi hands them over. Every setting must be there: the defaults come from
    `infra.declarations.project_defaults`. Other namespaces are left alone. Raises SettingsError with all problems.
    """
    found: list[Problem] = []
    values: dict[str, Any] = {}
    given = {key.removeprefix(f"{NAMESPACE}:"): value for key, value in raw.items() if key.startswith(f"{NAMESPACE}:")}
    found.extend(_unknown(given))
    for name, reader in READERS.items():
        key = f"{NAMESPACE}:{name}"
        if name not in given:
            found.append(Problem(key, "its absence", "a value", f"add {key} to Pulumi.yaml or {FILE}"))
            continue
        value = reader(key, given[name], found)
        if value is not None:
            values[field_name(name)] = value
    found.extend(problems(values, raw, tables or catalogue()))
    if found:
        raise SettingsError(found)
    return Settings(**values)


def field_name(name: str) -> str:
    """Return the name of a setting's field: `gpuSpot` is `gpu_spot`."""
    return re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", name)


def _unknown(given: Mapping[str, object]) -> Iterator[Problem]:
    for name in sorted(given.keys() - READERS.keys()):
        # The value is not repeated: under an unknown key it may be anything, a secret too.
        remedy = closest(name, READERS) or f"remove it from {FILE}"
        yield Problem(f"{NAMESPACE}:{name}", "this key", "the settings that Pulumi.yaml declares", remedy)
