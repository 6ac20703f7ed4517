"""Lambda authorizers: who is let in, by a function's word, which is kept for as long as the authorizer says."""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leanto.embedded.aws.invocation import InvokeRefusedError
from leanto.embedded.aws.policy import Decision, Question, decide_statements
from leanto.embedded.front.functions import Functions, NotPermittedError
from leanto.embedded.front.outcome import Outcome
from leanto.embedded.front.refusals import RefusedRequestError
from leanto.embedded.front.request import Received
from leanto.embedded.front.routing import Match
from leanto.embedded.front.snapshot import Authorizer

UNAUTHORIZED = "Unauthorized"
"""The one error text of an authorizer that API Gateway takes for "this caller is unknown"."""
EXPLICITLY_DENIED = "User is not authorized to access this resource with an explicit deny"
_HEADER, _QUERY, _CONTEXT = "method.request.header.", "method.request.querystring.", "context."


@dataclass(frozen=True)
class Word:
    """What an authorizer said about a caller."""

    statements: tuple[Mapping[str, Any], ...]
    context: Mapping[str, str]


class Authorizers:
    """Asks authorizers and keeps their words."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions
        self._words: dict[tuple[str, ...], tuple[float, Word]] = {}

    async def admit(self, authorizer: Authorizer, received: Received, match: Match, outcome: Outcome) -> None:
        """Let the request pass, or raise RefusedRequestError; what the authorizer said is noted in `outcome`."""
        identity = _identity(authorizer, received)
        if authorizer.kind == "TOKEN" and not _fits(authorizer.expression, identity[0]):
            raise RefusedRequestError("UNAUTHORIZED")
        word = await self._word(authorizer, received, match, identity, outcome)
        outcome.authorizer = word.context
        decision = decide_statements(word.statements, Question("execute-api:Invoke", method_arn(received)))
        if decision is not Decision.ALLOW:
            outcome.authorizer_status = 403
            message = EXPLICITLY_DENIED if decision is Decision.DENY else None
            raise RefusedRequestError("ACCESS_DENIED", message=message)

    async def _word(
        self, authorizer: Authorizer, received: Received, match: Match, identity: tuple[str, ...], outcome: Outcome
    ) -> Word:
        key = (received.api.api_id, received.api.stage, authorizer.authorizer_id, *identity)
        kept = self._words.get(key)
        outcome.authorizer_status = 200
        if kept is not None and kept[0] > time.monotonic():
            return kept[1]
        begun = time.monotonic()
        try:
            word = await self._ask(authorizer, received, match, identity)
        except RefusedRequestError as error:
            outcome.authorizer_status = error.status
            raise
        finally:
            outcome.authorizer_latency_ms = int((time.monotonic() - begun) * 1000)
        if authorizer.ttl_seconds:
            self._words[key] = (time.monotonic() + authorizer.ttl_seconds, word)
        return word

    async def _ask(self, authorizer: Authorizer, received: Received, match: Match, identity: tuple[str, ...]) -> Word:
        source_arn = f"{received.api.execution_arn}/authorizers/{authorizer.authorizer_id}"
        payload = json.dumps(_event(authorizer, received, match, identity)).encode()
        try:
            invocation = await self._functions.invoke(authorizer.uri, source_arn, payload)
        except (NotPermittedError, InvokeRefusedError) as error:
            raise RefusedRequestError("AUTHORIZER_CONFIGURATION_ERROR") from error
        body, failure = await invocation.read()
        if failure is not None:
            refused = "UNAUTHORIZED" if failure.message == UNAUTHORIZED else "AUTHORIZER_FAILURE"
            raise RefusedRequestError(refused)
        return read_word(body)


def method_arn(received: Received) -> str:
    """Return the ARN under which policies know the called method."""
    api = received.api
    return f"{api.execution_arn}/{api.stage}/{received.method}/{received.path.lstrip('/')}"


def read_word(body: bytes) -> Word:
    """Return what an authorizer answered; raises RefusedRequestError when it is not of the documented form."""
    try:
        document = json.loads(body)
        statements = document["policyDocument"]["Statement"]
        context = {name: _as_text(value) for name, value in (document.get("context") or {}).items()}
        context["principalId"] = str(document["principalId"])
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise RefusedRequestError("AUTHORIZER_CONFIGURATION_ERROR") from error
    return Word(tuple(statements if isinstance(statements, list) else [statements]), context)


def _as_text(value: object) -> str:
    """Return a value of an authorizer's context; raises TypeError for one that is no text, number or truth."""
    if not isinstance(value, str | int | float | bool):
        raise TypeError("the context of an authorizer holds texts, numbers and truths only")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _fits(expression: str, token: str) -> bool:
    return not expression or re.fullmatch(expression, token) is not None


def _identity(authorizer: Authorizer, received: Received) -> tuple[str, ...]:
    """Return what names the caller; a source that the request lacks refuses it, without asking the function."""
    values = [_source(source, received) for source in authorizer.identity_sources]
    if not all(values) or (authorizer.kind == "TOKEN" and not values):
        raise RefusedRequestError("UNAUTHORIZED")
    return tuple(value for value in values if value)


def _source(source: str, received: Received) -> str | None:
    if source.startswith(_HEADER):
        return received.header(source.removeprefix(_HEADER))
    if source.startswith(_QUERY):
        return received.query_value(source.removeprefix(_QUERY))
    known = {"httpMethod": received.method, "path": received.path, "identity.sourceIp": received.source_ip}
    return known.get(source.removeprefix(_CONTEXT))


def _event(authorizer: Authorizer, received: Received, match: Match, identity: tuple[str, ...]) -> dict[str, Any]:
    if authorizer.kind == "TOKEN":
        return {"type": "TOKEN", "authorizationToken": identity[0], "methodArn": method_arn(received)}
    return {
        "type": "REQUEST",
        "methodArn": method_arn(received),
        "resource": match.method.path,
        "path": received.path,
        "httpMethod": received.method,
        "headers": dict(received.headers),
        "queryStringParameters": dict(received.query),
        "pathParameters": dict(match.parameters),
        "requestContext": {
            "apiId": received.api.api_id,
            "stage": received.api.stage,
            "requestId": received.request_id,
            "identity": {"sourceIp": received.source_ip},
        },
    }
