"""Finds the managed models that a stack asks, and the URLs to which its requests go."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from catalog.endpoints import destination, geography
from catalog.lifecycle import known_since
from policies.gateway_config import AGENT, CARRIERS, documents, routes, upstreams, variables
from policies.normalise import UNKNOWN
from policies.reading import Unread, Value
from policies.stack import Item

PROFILE = "aws:bedrock/inferenceProfile:InferenceProfile"
ASKING = (*CARRIERS, AGENT, PROFILE)
"""Types in which a managed model may be named."""

_NAMING = re.compile(r"(?:^|_)MODELS?(?:_ID|_NAME|_ARN|S)?$|_DEPLOYMENT(?:_NAME)?$")
_BEDROCK = re.compile(
    r"(?:[a-z-]+\.)?(?:ai21|amazon|anthropic|cohere|deepseek|meta|mistral|openai|qwen|stability|writer)\.[a-z0-9][\w.:-]*"
)
_ADDRESSING = re.compile(r"(?:URL|URI|BASE|ENDPOINT|HOST|SERVER)S?$")
_OF_MODELS = re.compile(r"OPENAI|ANTHROPIC|BEDROCK|AZURE_AI|GEMINI|VERTEX|MISTRAL|LLM|MODEL|PROVIDER|INFERENCE")
_URL = re.compile(r"https?://[^\s\"',]+", re.IGNORECASE)


@dataclass(frozen=True)
class Managed:
    """A model of a provider. `provider` is "" where nothing says whose it is; `url` is None but for documents."""

    path: str
    provider: str
    model: str
    url: str | None = None


@dataclass(frozen=True)
class Address:
    """A URL to which requests for models may go."""

    path: str
    url: str


def asked(item: Item) -> Iterator[Managed]:
    """Yield the managed models that a resource names. Raises Unread for what is not known."""
    if item.type == AGENT:
        yield Managed("foundationModel", "bedrock", item.props.text("foundationModel"))
        return
    if item.type == PROFILE:
        source = item.props.block("modelSource")
        yield Managed(source.at("copyFrom"), "bedrock", source.text("copyFrom"))
        return
    yield from _of_documents(item)
    for row in variables(item):
        if _NAMING.search(row.name):
            text = row.value.text().strip()
            provider = _provider_of(text)
            if provider is not None:
                yield Managed(row.value.path, provider, _model_of(text))


def addresses(item: Item) -> Iterator[Address]:
    """Yield the URLs of providers in variables and parameters. Raises Unread for an address that is not known."""
    for row in variables(item):
        if row.value.raw is UNKNOWN:
            if _ADDRESSING.search(row.name) and _is_of_models(row.name):
                raise Unread(row.value.path, "the value is not known yet")
            continue
        for url in _urls(row.value, addressing=bool(_ADDRESSING.search(row.name))):
            if destination(url) or _is_of_models(row.name):
                yield Address(row.value.path, url)


def _of_documents(item: Item) -> Iterator[Managed]:
    for document in documents(item):
        for value in routes(document):
            for upstream in upstreams(value.block(), document):
                if not upstream.is_local:
                    path = upstream.block.at("model")
                    yield Managed(path, upstream.provider, upstream.model, upstream.url)


def _urls(value: Value, *, addressing: bool) -> tuple[str, ...]:
    text = value.raw if isinstance(value.raw, str) else ""
    found = tuple(_URL.findall(text))
    return found or ((text,) if addressing and destination(text) else ())


def _is_of_models(name: str) -> bool:
    return bool(_OF_MODELS.search(name))


def _provider_of(text: str) -> str | None:
    """Return whose model a text names, "" where that is open, None where it names no managed model."""
    if ":bedrock:" in text or geography(text) or _BEDROCK.fullmatch(text.lower()):
        return "bedrock"
    if known_since("", _model_of(text)) or text.lower().endswith("latest"):
        return ""
    return None


def _model_of(text: str) -> str:
    """Return the model of a text in which a gateway may have written the provider before it."""
    return text if ":" in text else text.rpartition("/")[2]
