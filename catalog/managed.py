"""What managed models may cost: a stack that can call them needs a limit of its own, as no provider stops at a sum.

The limit is what the gateway of this project enforces, from the document in its layer, or what is declared. An AWS
budget is none: it learns of costs hours later.
"""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from catalog.deployed import DeployedResource
from catalog.pricing import Amount, Line, Unbounded, Unknown
from catalog.rows import Catalogue
from catalog.view import Case, View

LAYER, FUNCTION, SECRET = (
    "aws:lambda/layerVersion:LayerVersion",
    "aws:lambda/function:Function",
    "aws:secretsmanager/secret:Secret",
)
DOCUMENT = "leanto/deployment.json"
POLICIES: Mapping[str, str] = MappingProxyType(
    {
        "aws:iam/groupPolicy:GroupPolicy": "policy",
        "aws:iam/policy:Policy": "policy",
        "aws:iam/role:Role": "inlinePolicies",
        "aws:iam/rolePolicy:RolePolicy": "policy",
        "aws:iam/userPolicy:UserPolicy": "policy",
    }
)
ITEM = "managed.models"
KNOB = f"limits.monthly_spend_micro_usd in {DOCUMENT}"
WORDS = frozenset({"openai", "anthropic", "gemini", "mistral", "groq", "cohere", "huggingface", "openrouter", "xai"})
"""Names of providers of models, as they stand in the names of secrets and variables."""


def managed_lines(view: View) -> Iterator[Line]:
    """Yield what managed models cost, if the stack can call any: nothing idle, at most the limit."""
    callers = _callers(view)
    if not callers or view.case is Case.IDLE:
        return
    cap, knob, basis = _limit(view)
    share = Decimal(1) if view.case is Case.WORST else view.usage.expected_busy_share
    high = cap * share if isinstance(cap, Decimal) else cap
    if view.case is Case.EXPECTED and not isinstance(high, Decimal):
        high = Unknown("no limit says how much is expected")
    low = high if isinstance(high, Decimal) else Decimal(0)
    quantity = high if isinstance(high, Decimal) else Decimal(0)
    yield Line(ITEM, callers, quantity, "USD", low, high, knob=knob, basis=basis)


def _limit(view: View) -> tuple[Amount, str, str]:
    found = [limit for row in view.stack.of(LAYER) if (limit := _monthly_limit(row)) is not None]
    if found:
        return max(found), KNOB, "the gateway refuses what would exceed it"
    hidden = [row.name for row in view.stack.of(LAYER) if hides_document(row)]
    if hidden:
        return Unknown(f"the document in {hidden[0]} cannot be read", unread=True), KNOB, "a limit that cannot be read"
    if view.usage.managed_usd is not None:
        return view.usage.managed_usd, "managedUsd", "declared by managedUsd"
    return Unbounded(f"set {KNOB}, or declare managedUsd"), KNOB, "no spending limit"


def document_of(layer: DeployedResource) -> Mapping[str, Any] | None:
    """Return the gateway's document in a layer, or None when the layer has none that can be read."""
    code = layer.properties.get("code")
    assets = code.get("assets") if isinstance(code, Mapping) else None
    asset = assets.get(DOCUMENT) if isinstance(assets, Mapping) else None
    written = asset.get("text") if isinstance(asset, Mapping) else None
    try:
        parsed = json.loads(written) if isinstance(written, str) else None
    except ValueError:
        return None
    return parsed if isinstance(parsed, Mapping) else None


def hides_document(layer: DeployedResource) -> bool:
    """Return whether a layer may hold the gateway's document, and its text is not to be seen."""
    code = layer.properties.get("code")
    assets = code.get("assets") if isinstance(code, Mapping) else code
    if isinstance(assets, Mapping) and DOCUMENT in assets:
        asset = assets[DOCUMENT]
        return not (isinstance(asset, Mapping) and isinstance(asset.get("text"), str))
    return isinstance(assets, Unknown)


def _monthly_limit(layer: DeployedResource) -> Decimal | None:
    limits = (document_of(layer) or {}).get("limits")
    micro = limits.get("monthly_spend_micro_usd") if isinstance(limits, Mapping) else None
    if isinstance(micro, bool) or not isinstance(micro, int) or micro < 0:
        return None
    return Decimal(micro) / 1_000_000


def _callers(view: View) -> tuple[str, ...]:
    """Return what shows that a stack calls managed models: its document, its keys, its permissions."""
    found = [row.name for row in view.stack.of(LAYER) if (document_of(row) or {}).get("providers")]
    found += [row.name for row in view.stack.of(SECRET) if names_provider(_described(row), view.tables)]
    for row in view.stack.of(FUNCTION):
        environment = row.properties.get("environment")
        variables = environment.get("variables") if isinstance(environment, Mapping) else None
        if isinstance(variables, Mapping) and any(names_provider(str(key), view.tables) for key in variables):
            found.append(row.name)
    for kind, key in POLICIES.items():
        found += [row.name for row in view.stack.of(kind) if _invokes(row.properties.get(key))]
    return tuple(dict.fromkeys(found))


def _described(secret: DeployedResource) -> str:
    return f"{secret.name} {secret.properties.get('name') or ''}"


def names_provider(text: str, tables: Catalogue) -> bool:
    """Return whether a name has the name of a provider of models in it, as a word."""
    words = text.lower().replace("_", " ").replace("-", " ").replace("/", " ").split()
    names = WORDS | set(tables.providers) - {"custom", "azure", "google"}
    return any(word in names for word in words)


def _invokes(policy: Any) -> bool:
    """Return whether a policy names Bedrock's way to call models, in any spelling of the action."""
    text = policy if isinstance(policy, str) else json.dumps(policy, default=str)
    lowered = text.lower()
    return any(action in lowered for action in ("bedrock:invoke", "bedrock:converse", "bedrock:*", "bedrock-runtime:"))
