"""The document that a deployment gives the gateway: limits, providers and routes, read and checked once at start."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from runtime.decide.endpoints import CHAT, ENDPOINTS
from runtime.decide.fields import FieldRules
from runtime.decide.masking import PATTERNS
from runtime.decide.prices import Price
from runtime.decide.routing import IMAGE_ADDRESSES, IMAGE_PRICES, Target
from runtime.errors import ConfigurationError
from runtime.gateway.content_check import LOOPBACK_HOSTS, ContentCheck, read_content_check
from runtime.gateway.converse.request import Guardrail
from runtime.gateway.document_values import read_field_rules, read_price

SCHEMA = 2
ROLE = "role"
"""No key: requests are signed by the function's role."""

AUTH_KINDS = ("bearer", "api-key", ROLE)
CONVERSE = "converse"
APIS = ("chat-completions", CONVERSE)


@dataclass(frozen=True)
class Limits:
    """Bounds of one request, and of what all requests of a month may cost at providers.

    The first-byte bound holds for streamed answers only, as others come when all is done.
    """

    request_bytes: int
    request_timeout_seconds: float
    first_byte_timeout_seconds: float
    monthly_spend_micro_usd: int


@dataclass(frozen=True)
class Provider:
    """An API that speaks OpenAI's protocol below `base_url`; `auth` says in which header it wants its key, if any.

    `guardrail` is the one of Bedrock that its requests pass; `fields` is what it does with the fields of chat requests.
    `image_addresses` says that it may be sent images by their address, to fetch them itself.
    """

    name: str
    base_url: str
    auth: str
    guardrail: Guardrail | None = None
    fields: FieldRules = field(default_factory=FieldRules)
    image_addresses: bool = False


@dataclass(frozen=True)
class ProviderUpstream:
    """A model of a provider, by the provider's name for it, and what it costs.

    `place` is where it processes requests, "eu" or "us"; empty where that is not known or anywhere. `lacks` is what it
    does not take: "tools", "vision". `api` is how it is spoken to, one of `APIS`. `drops` says that fields which the
    provider would not act upon are left out rather than refused. `endpoints` are the paths at which it answers.
    """

    provider: Provider
    model: str
    price: Price
    place: str = ""
    lacks: frozenset[str] = frozenset()
    api: str = APIS[0]
    drops: bool = False
    endpoints: frozenset[str] = frozenset({CHAT})

    @cached_property
    def name(self) -> str:
        """How clients and log lines are told of this upstream."""
        return f"{self.provider.name}/{self.model}"

    @cached_property
    def target(self) -> Target:
        """What routing looks at."""
        lacks = self.lacks | (frozenset(ENDPOINTS) - self.endpoints)
        lacks |= {IMAGE_PRICES} if self.price.image_tokens is None else frozenset()
        # Bedrock's Converse has no place for an address.
        lacks |= frozenset() if self.provider.image_addresses and self.api != CONVERSE else {IMAGE_ADDRESSES}
        return Target(
            self.name,
            place=self.place,
            lacks=lacks,
            context_tokens=self.price.context_tokens,
            maximum_output_tokens=self.price.maximum_output_tokens,
        )


@dataclass(frozen=True)
class LocalUpstream:
    """A model that the stack's own GPU pool serves; `context_tokens` holds prompt and answer together.

    `lacks` is what its engine does not take as nodes start it: "tools".
    """

    model: str
    context_tokens: int | None = None
    lacks: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """How clients and log lines are told of this upstream."""
        return f"local/{self.model}"


Upstream = ProviderUpstream | LocalUpstream


@dataclass(frozen=True)
class Route:
    """A public model name and its upstreams in order of preference; `created` is in seconds since the epoch.

    `masks` names the patterns that are masked in its requests, `content_check` says which guardrail looks at them.
    """

    model: str
    created: int
    upstreams: tuple[Upstream, ...]
    masks: tuple[str, ...] = ()
    content_check: ContentCheck | None = None


@dataclass(frozen=True)
class Deployment:
    """All that the gateway knows of the stack it serves."""

    stack: str
    limits: Limits
    providers: Mapping[str, Provider]
    routes: Mapping[str, Route]


def load_deployment(path: Path) -> Deployment:
    """Read the document at `path`; raises ConfigurationError naming the file and the key that is wrong."""
    try:
        document = json.loads(path.read_text("utf-8"))
        return read_deployment(document)
    except OSError as error:
        raise ConfigurationError(f"the deployment document {path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise ConfigurationError(f"the deployment document {path} is not JSON") from None
    except KeyError as error:
        raise ConfigurationError(f"the deployment document {path} has no key {error.args[0]!r}") from None


def read_deployment(document: Mapping[str, Any]) -> Deployment:
    """Return the deployment that a document describes; raises ConfigurationError, or KeyError for a missing key."""
    if document["schema"] != SCHEMA:
        raise ConfigurationError(f"schema is {document['schema']!r}, this gateway reads {SCHEMA}; deploy both together")
    limits = document["limits"]
    providers = {name: _provider(name, fields) for name, fields in document["providers"].items()}
    masks = document.get("masks", [])
    routes = [_route(fields, providers, masks) for fields in document["routes"]]
    return Deployment(
        stack=str(document["stack"]),
        limits=Limits(
            request_bytes=int(limits["request_bytes"]),
            request_timeout_seconds=float(limits["request_timeout_seconds"]),
            first_byte_timeout_seconds=float(limits["first_byte_timeout_seconds"]),
            monthly_spend_micro_usd=int(limits["monthly_spend_micro_usd"]),
        ),
        providers=MappingProxyType(providers),
        routes=MappingProxyType({route.model: route for route in routes}),
    )


def _masks(names: Any) -> tuple[str, ...]:
    if not isinstance(names, list) or not PATTERNS.keys() >= set(map(str, names)):
        raise ConfigurationError(f"masks is {names!r}; it must be a list of {', '.join(PATTERNS)}")
    return tuple(map(str, names))


def _provider(name: str, fields: Mapping[str, Any]) -> Provider:
    guardrail = fields.get("guardrail")
    provider = Provider(
        name,
        str(fields["base_url"]).rstrip("/"),
        str(fields["auth"]),
        Guardrail(str(guardrail["id"]), str(guardrail["version"])) if guardrail else None,
        read_field_rules(fields.get("fields", {})),
        image_addresses=bool(fields.get("image_addresses", False)),
    )
    url = urlsplit(provider.base_url)
    if url.scheme != "https" and not (url.scheme == "http" and url.hostname in LOOPBACK_HOSTS):
        raise ConfigurationError(
            f"providers.{name}.base_url is {provider.base_url!r}; a key travels there, so it must begin with https://"
        )
    if provider.auth not in AUTH_KINDS:
        allowed = ", ".join(AUTH_KINDS[:-1]) + f" or {AUTH_KINDS[-1]}"
        raise ConfigurationError(f"providers.{name}.auth is {provider.auth!r}; it must be {allowed}")
    return provider


def _route(fields: Mapping[str, Any], providers: Mapping[str, Provider], masks: Any) -> Route:
    """Return a route; `masks` are the stack's, which hold where it says nothing else."""
    upstreams = tuple(_upstream(str(fields["model"]), upstream, providers) for upstream in fields["upstreams"])
    check = read_content_check(str(fields["model"]), fields.get("content_check"))
    return Route(str(fields["model"]), int(fields["created"]), upstreams, _masks(fields.get("masks", masks)), check)


def _upstream(route: str, fields: Mapping[str, Any], providers: Mapping[str, Provider]) -> Upstream:
    match fields["kind"]:
        case "local":
            lacks = frozenset(map(str, fields.get("lacks", ())))
            return LocalUpstream(str(fields["model"]), fields.get("context_tokens"), lacks)
        case "provider" if fields["provider"] in providers:
            return ProviderUpstream(
                providers[fields["provider"]],
                str(fields["model"]),
                read_price(fields["price"]),
                place=str(fields.get("place", "")),
                lacks=frozenset(map(str, fields.get("lacks", ()))),
                api=_api(route, fields, providers[fields["provider"]]),
                drops=bool(fields.get("drop_unsupported", False)),
                endpoints=frozenset(ENDPOINTS) & frozenset(fields.get("endpoints", (CHAT,))),
            )
        case "provider":
            raise ConfigurationError(f"route {route} names the provider {fields['provider']!r}, which is not described")
        case kind:
            raise ConfigurationError(f"route {route} has an upstream of kind {kind!r}; it must be provider or local")


def _api(route: str, fields: Mapping[str, Any], provider: Provider) -> str:
    api = str(fields.get("api", APIS[0]))
    if api not in APIS or (api == CONVERSE and provider.auth != ROLE):
        wanted = f"{APIS[0]}, or {CONVERSE} for a provider whose auth is {ROLE}"
        raise ConfigurationError(f"route {route} has an upstream with api {api!r}; it must be {wanted}")
    return api
