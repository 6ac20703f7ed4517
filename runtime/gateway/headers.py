"""Which headers pass between client and upstream: those named here and no others."""

from collections.abc import Mapping

from runtime.gateway.deployment import Provider

PASSED_RESPONSE_HEADERS = (
    "openai-processing-ms",
    "openai-version",
    "retry-after",
    "retry-after-ms",
    "x-leanto-simulated",
    "x-ratelimit-limit-requests",
    "x-ratelimit-limit-tokens",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-requests",
    "x-ratelimit-reset-tokens",
    "x-should-retry",
)
"""What OpenAI's clients read; x-leanto-simulated is how the provider stand-in labels its answers."""

UPSTREAM_ID_HEADERS = ("x-request-id", "apim-request-id", "x-amzn-requestid")
"""Where providers name their own request: OpenAI and most, Azure, Bedrock."""

MAXIMUM_ID_CHARACTERS = 128


def request_headers(provider: Provider, key: str, *, stream: bool, request_id: str) -> dict[str, str]:
    """Return the headers of a request to a provider; none of the client's own are among them."""
    auth = {"bearer": {"Authorization": f"Bearer {key}"}, "api-key": {"api-key": key}}.get(provider.auth, {})
    accept = "text/event-stream" if stream else "application/json"
    return auth | {"Content-Type": "application/json", "Accept": accept, "X-Client-Request-Id": request_id}


def guardrail_headers(provider: Provider) -> dict[str, str]:
    """Return the headers by which Bedrock's OpenAI-compatible surface is told of a guardrail."""
    if provider.guardrail is None:
        return {}
    guardrail = provider.guardrail
    return {
        "X-Amzn-Bedrock-GuardrailIdentifier": guardrail.id,
        "X-Amzn-Bedrock-GuardrailVersion": guardrail.version,
    }


def passed_headers(upstream: Mapping[str, str]) -> dict[str, str]:
    """Return those of an upstream's response headers that clients get; `upstream` is looked up without case."""
    return {name: upstream[name] for name in PASSED_RESPONSE_HEADERS if name in upstream}


def upstream_request_id(upstream: Mapping[str, str]) -> str:
    """Return the id that the upstream gave the request, or "" when it gave none that can be shown."""
    found = next((upstream[name] for name in UPSTREAM_ID_HEADERS if name in upstream), "")
    return found if len(found) <= MAXIMUM_ID_CHARACTERS and found.isascii() and found.isprintable() else ""
