"""Content control of one request: a guardrail looks at what is asked before an upstream sees it, and at the answer
before the client does."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runtime.decide.endpoints import EMBEDDINGS, INPUTS, RESPONSES
from runtime.decide.guardrail import (
    BLOCKED,
    MASKED,
    MAXIMUM_UNITS,
    PASSED,
    Finding,
    Piece,
    calls_of,
    readable,
    units_of,
    worst_price,
)
from runtime.gateway.access import Record
from runtime.gateway.answers import NO_RETRY, GatewayError
from runtime.gateway.attempts import Attempts
from runtime.gateway.chat_request import ChatRequest
from runtime.gateway.content_check import BLOCK, LOG, ContentCheck
from runtime.gateway.control_demand import output_units
from runtime.gateway.control_money import ControlMoney
from runtime.gateway.guardrail import INPUT, OUTPUT, Question, ask
from runtime.gateway.services import Services
from runtime.gateway.texts import DESCRIBED, SAID, Path, has_tokens, rewritten

CHECK_SECONDS = 10.0
"""For all calls of one check together."""

LAST_SECONDS = 0.1
"""Kept from the request's own deadline, to say what became of the check."""

READ = SAID | DESCRIBED
LOGGED, UNCHECKED, FAILED = "logged", "unchecked", "failed"
GRAVITY = ("", PASSED, LOGGED, MASKED, UNCHECKED, FAILED, BLOCKED)
"""Of several checks of one answer the gravest result is told."""


@dataclass
class Control:
    """The checks of one request; times are those of the event loop."""

    services: Services
    check: ContentCheck
    money: ControlMoney
    record: Record
    first_byte_by: float
    all_by: float

    async def around(self, attempts: Attempts) -> None:
        """Check the request, have it answered, and settle what the checks cost, however it ends."""
        request = attempts.request
        if request.stream and request.endpoint == RESPONSES and self.check.on_output:
            message = "This model's answers are checked before they go out, and events of this endpoint cannot be held."
            raise GatewayError(400, "unsupported_parameter", message, param="stream")
        try:
            attempts.request = await self._check_input(request, attempts)
            if not self.check.on_output:
                await self.money.settle()
            await attempts.run()
        finally:
            await self.money.settle()

    async def _check_input(self, request: ChatRequest, attempts: Attempts) -> ChatRequest:
        check, name = self.check, INPUTS[request.endpoint]
        texts = _texts_of(request) if check.on_input else []
        self._check_readable(request, texts)
        units = min(sum(map(units_of, texts)), MAXIMUM_UNITS)
        if check.on_output and request.endpoint != EMBEDDINGS:
            units += output_units(request, attempts.route.upstreams, check.buffer_characters)
        await self.money.cover(worst_price(units, check.rates, check.assumed))
        if not check.on_input:
            return request
        by = min(self.first_byte_by, self.all_by)
        result, changed = await self._look(INPUT, texts, check.on_input, by)
        self.record.guardrail_input = result
        if result == FAILED:
            raise _unavailable("request", {"retry-after": "5"})
        if result == BLOCKED:
            message = "The request was refused by the content policy of this model. It was sent to no provider."
            raise GatewayError(400, "content_filter", message, param=name)
        return _with_texts(request, changed) if result == MASKED else request

    def _check_readable(self, request: ChatRequest, texts: Sequence[str]) -> None:
        """Refuse what cannot be looked through, unless what is found would change nothing."""
        name = INPUTS[request.endpoint]
        if self.check.on_input in {"", LOG}:
            return
        if sum(map(units_of, texts)) > MAXIMUM_UNITS:
            message = f"Of a request to this model, {MAXIMUM_UNITS},000 characters are checked; this one has more text."
            raise GatewayError(400, "content_too_long", message, param=name)
        if has_tokens(request.fields.get(name)):
            message = f"'{name}' must be text for this model: what is said to it is checked, and tokens are not text."
            raise GatewayError(400, "unsupported_parameter", message, param=name)

    async def check_output(self, texts: Sequence[str]) -> Finding:
        """Return what is to become of texts of an answer; raises GatewayError 503 for what cannot be checked."""
        result, changed = await self._look(OUTPUT, texts, self.check.on_output, self.all_by)
        self.record.guardrail_output = max(self.record.guardrail_output, result, key=GRAVITY.index)
        if result == FAILED:
            raise _unavailable("answer", NO_RETRY)
        return Finding(result, tuple(changed)) if result in {MASKED, BLOCKED} else Finding(PASSED)

    async def _look(self, source: str, texts: Sequence[str], on_finding: str, by: float) -> tuple[str, list[str]]:
        """Return what came of looking at the texts, and these as they are masked."""
        by = min(by - LAST_SECONDS, asyncio.get_running_loop().time() + CHECK_SECONDS)
        failed = UNCHECKED if self.check.fails_open else FAILED
        given = [readable(text) for text in texts]
        if sum(map(units_of, given)) > MAXIMUM_UNITS:
            return (failed if on_finding == LOG else BLOCKED), []
        parts: list[list[str]] = [[] if text and not text.isspace() else [text] for text in given]
        result = PASSED
        for pieces in calls_of(given):
            finding = await self._asked(source, pieces, by)
            if finding is None:
                return failed, []
            result = max(result, _result(finding.action, on_finding), key=GRAVITY.index)
            if result == BLOCKED:
                return BLOCKED, []
            said = finding.texts if result == MASKED and finding.texts else [piece.text for piece in pieces]
            for piece, text in zip(pieces, said, strict=True):
                parts[piece.index].append(text)
        return result, ["".join(part) for part in parts]

    async def _asked(self, source: str, pieces: Sequence[Piece], by: float) -> Finding | None:
        check = self.check
        worst = worst_price(sum(units_of(piece.text) for piece in pieces), check.rates, check.assumed)
        await self.money.begin(worst)
        asked = await ask(self.services, Question(check, source, pieces, by, worst), self.record.request_id)
        self.money.ended(asked.charge)
        return asked.finding


def _result(action: str, on_finding: str) -> str:
    """Return what becomes of what was found: a guardrail that masks is told to block, to mask, or only to tell."""
    if action == PASSED:
        return PASSED
    return {LOG: LOGGED, BLOCK: BLOCKED}.get(on_finding, action)


def _texts_of(request: ChatRequest) -> list[str]:
    """Return all texts of a request that the model reads."""
    found: list[str] = []

    def note(_path: Path, text: str) -> str:
        found.append(text)
        return text

    rewritten(request, READ, note)
    return found


def _with_texts(request: ChatRequest, texts: Sequence[str]) -> ChatRequest:
    left = iter(texts)
    return rewritten(request, READ, lambda _path, _text: next(left))


def _unavailable(what: str, headers: Mapping[str, str]) -> GatewayError:
    message = f"The {what} could not be checked, and nothing passes this model unchecked."
    return GatewayError(503, "guardrail_unavailable", message, headers=headers)


def control_of(attempts: Attempts) -> Control | None:
    """Return the control of a request's content, None where its route has none."""
    check = attempts.route.content_check
    if check is None:
        return None
    money = ControlMoney(attempts.services.spending, attempts.allowance, attempts.all_by, attempts.record)
    return Control(attempts.services, check, money, attempts.record, attempts.first_byte_by, attempts.all_by)
