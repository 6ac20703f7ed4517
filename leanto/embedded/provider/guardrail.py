"""The stand-in's third face: a guardrail of Bedrock that finds the words it is told to, by ApplyGuardrail."""

import asyncio
import json
from collections import Counter
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cache
from typing import Any

import botocore.session
from aiohttp import web
from botocore.validate import ParamValidator

from leanto.embedded.provider.converse import failure
from leanto.embedded.provider.signature import refusal

UNIT_CHARACTERS = 1000
POLICIES = ("contentPolicyUnits", "sensitiveInformationPolicyUnits")
NO_USAGE = {
    "topicPolicyUnits": 0,
    "contentPolicyUnits": 0,
    "wordPolicyUnits": 0,
    "sensitiveInformationPolicyUnits": 0,
    "sensitiveInformationPolicyFreeUnits": 0,
    "contextualGroundingPolicyUnits": 0,
}
LABEL = {"x-leanto-simulated": "true", "Content-Type": "application/json"}
CONTROL = "/_control/guardrail"


@dataclass(frozen=True)
class Orders:
    """How the guardrail answers; the defaults find nothing, and count units of two policies."""

    blocked: tuple[str, ...] = ()
    """Words for which a text is blocked."""
    masked: tuple[str, ...] = ()
    """Words in whose place {WORD} is put."""
    policies: tuple[str, ...] = POLICIES
    """The members of `usage` that count."""
    status: int = 200
    """Answer with this status; 200 is a proper answer."""
    body: str | None = None
    """The body in place of an answer of status 200."""
    delay_seconds: float = 0.0
    """Wait before the answer."""
    drop_connection: bool = False
    """Close the connection without an answer."""
    require_key: str | None = None
    """Accept only a signature made with this secret."""
    after: int = 0
    """Find the words, but be well for so many calls before anything else."""
    times: int | None = None
    """Behave so for this many calls, then be well again, finding the same words; None is for ever."""


@dataclass
class Seen:
    """What was asked since the start or the last reset."""

    calls: int = 0
    texts: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    units: int = 0


class Guardrail:
    """The handlers of ApplyGuardrail, and of what it is told to do."""

    def __init__(self) -> None:
        self._orders = Orders()
        self._seen = Seen()

    def add_to(self, app: web.Application) -> None:
        """Serve the path of Bedrock's, and control."""
        app.router.add_post("/guardrail/{id}/version/{version}/apply", self._apply)
        app.router.add_get(CONTROL, self._read)
        app.router.add_post(CONTROL, self._write)
        app.router.add_delete(CONTROL, self._reset)

    async def _apply(self, request: web.Request) -> web.Response:
        orders, body = self._next(), await request.read()
        self._seen.calls += 1
        await asyncio.sleep(orders.delay_seconds)
        if orders.drop_connection and request.transport is not None:
            request.transport.close()
            return web.Response(status=499)
        response = self._answer(request, body, orders)
        self._seen.statuses[str(response.status)] += 1
        return response

    def _next(self) -> Orders:
        orders = self._orders
        well = Orders(orders.blocked, orders.masked, orders.policies, require_key=orders.require_key)
        if orders.after > 0:
            self._orders = replace(orders, after=orders.after - 1)
            return well
        if orders.times is not None:
            self._orders = replace(orders, times=orders.times - 1) if orders.times > 1 else well
        return orders

    def _answer(self, request: web.Request, body: bytes, orders: Orders) -> web.Response:
        url = f"{request.scheme}://{request.host}{request.raw_path}"
        if refused := refusal(request.method, url, request.headers, body, orders.require_key):
            return _failed(403, "The security token included in the request is invalid.", refused)
        if orders.status != 200:
            return _failed(orders.status, f"[simulated] Told to answer with status {orders.status}.")
        document = _read_json(body)
        if wrong := _problems(request.match_info["id"], request.match_info["version"], document):
            return _failed(400, f"[simulated] {wrong}")
        texts = [block["text"]["text"] for block in document["content"]]
        self._seen.texts += texts
        self._seen.sources.append(document["source"])
        self._seen.versions.append(f"{request.match_info['id']}:{request.match_info['version']}")
        units = -(-sum(map(len, texts)) // UNIT_CHARACTERS)
        self._seen.units += units * len(orders.policies)
        answer = json.dumps(_found(texts, orders) | {"usage": NO_USAGE | dict.fromkeys(orders.policies, units)})
        return web.Response(body=(answer if orders.body is None else orders.body).encode(), headers=LABEL)

    async def _read(self, _request: web.Request) -> web.Response:
        document = {"orders": asdict(self._orders), "seen": vars(self._seen)}
        return web.Response(body=json.dumps(document).encode(), headers=LABEL)

    async def _write(self, request: web.Request) -> web.Response:
        given = _read_json(await request.read())
        known = {one.name for one in fields(Orders)}
        if not isinstance(given, dict) or not given.keys() <= known:
            return web.Response(status=400, text=f"there are {', '.join(sorted(known))}")
        lists = {name: tuple(value) for name, value in given.items() if isinstance(value, list)}
        self._orders = Orders(**{**given, **lists})
        return await self._read(request)

    async def _reset(self, request: web.Request) -> web.Response:
        self._orders, self._seen = Orders(), Seen()
        return await self._read(request)


def _found(texts: list[str], orders: Orders) -> dict[str, Any]:
    """Return action, outputs and assessments: what is blocked goes before what is masked."""
    said = "\n".join(texts)
    topics = [{"name": "told", "type": "DENY", "action": "BLOCKED"} for word in orders.blocked if word in said]
    entities = [{"match": word, "type": "NAME", "action": "ANONYMIZED"} for word in orders.masked if word in said]
    if not topics and not entities:
        return {"action": "NONE", "actionReason": "No action.", "outputs": [], "assessments": [{}]}
    assessment: dict[str, Any] = {}
    if topics:
        assessment["topicPolicy"] = {"topics": topics}
    if entities:
        assessment["sensitiveInformationPolicy"] = {"piiEntities": entities, "regexes": []}
    outputs = ["[simulated] This is blocked."] if topics else [_masked(text, orders.masked) for text in texts]
    return {
        "action": "GUARDRAIL_INTERVENED",
        "actionReason": "Guardrail blocked." if topics else "Guardrail masked.",
        "outputs": [{"text": text} for text in outputs],
        "assessments": [assessment],
    }


def _masked(text: str, words: tuple[str, ...]) -> str:
    for word in words:
        text = text.replace(word, "{NAME}")
    return text


def _problems(guardrail: str, version: str, document: Any) -> str:
    """Return what the service's description says against a call; empty when it is well."""
    if not isinstance(document, dict):
        return "the body is not a JSON object"
    if not document.get("content"):
        return "content is empty"
    parameters = {"guardrailIdentifier": guardrail, "guardrailVersion": version, **document}
    return str(ParamValidator().validate(parameters, _shape()).generate_report())


@cache
def _shape() -> Any:
    service = botocore.session.get_session().get_service_model("bedrock-runtime")
    return service.operation_model("ApplyGuardrail").input_shape


def _failed(status: int, text: str, error: str = "") -> web.Response:
    body, headers = failure(status, text, error)
    return web.Response(status=status, body=body, headers=LABEL | headers)


def _read_json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
