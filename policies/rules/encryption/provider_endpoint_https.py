"""Base URLs of managed model providers are https, and lead to hosts that are known to be theirs."""

import ipaddress
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from catalog.endpoints import destination, host_of
from policies.iam_documents import matches
from policies.reading import Value
from policies.rule import ALWAYS, Outcome, Parameter, Problem, Rule, Severity, each
from policies.stack import Item, Settings

FUNCTION = "aws:lambda/function:Function"
PARAMETER = "aws:ssm/parameter:Parameter"
URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s\"'<>,;\\]+", re.IGNORECASE)
BARE_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d+)?(?:/\S*)?", re.IGNORECASE)
SECURE_SCHEMES = ("https", "wss")
PROVIDERS = re.compile(
    r"ANTHROPIC|BEDROCK|CLAUDE|COHERE|DEEPSEEK|FIREWORKS|GEMINI|GROQ|LLM|LLMS|MISTRAL|OPENAI|OPENROUTER|PERPLEXITY|VERTEX|XAI"
)
"""Words by which names of settings mean a model provider."""
PLACES = frozenset({"BASE", "ENDPOINT", "ENDPOINTS", "HOST", "HOSTS", "ORIGIN", "URI", "URIS", "URL", "URLS"})
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at all URLs to providers, and at all that stand where a name says that they lead to one."""
    hosts = tuple(str(host).lower() for host in settings["hosts"])
    yield from each(_named_values(item), lambda row: _urls(*row, hosts))


def _named_values(item: Item) -> Iterator[tuple[str, Value]]:
    if item.type == FUNCTION:
        yield from item.props.block("environment").mapping("variables").items()
        return
    name = item.props.text("name", item.name)
    for key in ("value", "insecureValue"):
        value = item.props.get(key)
        if value is not None:
            yield name, value


def _urls(name: str, value: Value, hosts: tuple[str, ...]) -> Iterator[Outcome]:
    text = value.text().strip()
    meant = _names_provider(name)
    for url in URL.findall(text) or ([text] if meant and BARE_HOST.fullmatch(text) else []):
        known = destination(url) is not None or any(matches(host, host_of(url)) for host in hosts)
        if (known or meant) and not _stays(url):
            yield from _problems(value.path, url, known)


def _problems(path: str, url: str, known: bool) -> Iterator[Outcome]:
    """Messages leave the URL out: it may carry a key."""
    if "://" in url and urlsplit(url).scheme not in SECURE_SCHEMES:
        yield Problem(path, "the URL of a model provider is not https")
    if not known:
        yield Problem(path, "the URL of a model provider leads to a host that is not known to be a provider's")


def _names_provider(name: str) -> bool:
    words = re.split(r"[^A-Z0-9]+", CAMEL.sub("_", name).upper())
    return not PLACES.isdisjoint(words) and any(PROVIDERS.fullmatch(word) for word in words)


def _stays(url: str) -> bool:
    """Tell whether a URL leads nowhere but to the machine itself."""
    host = host_of(url)
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


RULE = Rule(
    id="provider-endpoint-https",
    area="encryption",
    title="Model providers are called over https, at hosts that are theirs",
    severity=Severity.HIGH,
    levels=ALWAYS,
    floor=True,
    types=(FUNCTION, PARAMETER),
    guards=("environment", "value", "insecureValue"),
    check=check,
    rationale=(
        "Whoever answers at a base URL gets every prompt and the provider's key: over plain HTTP anybody on the way,"
        " at a wrong host anybody at all."
    ),
    fix="Use the provider's https URL; name a host of your own, such as a proxy, in the rule's parameter `hosts`.",
    references={"owasp-llm-2026": ("LLM04",)},
    parameters=(
        Parameter("hosts", "texts", (), "Further hosts that may stand for a provider; `*` stands for any characters."),
    ),
)
