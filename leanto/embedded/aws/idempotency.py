"""`ClientRequestToken` of TransactWriteItems: the same token applies its writes once; moto 5.2.5 applies them again."""

import json
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from werkzeug.wrappers import Response

from leanto.embedded.aws.call import Call
from leanto.embedded.aws.errors import error_response

REMEMBERED_SECONDS = 600.0
"""DynamoDB keeps a token for 10 minutes after the request finished (API reference, TransactWriteItems)."""


@dataclass(frozen=True)
class _Done:
    request: str
    answer: bytes
    at: float


class TransactionTokens:
    """The tokens of successful transactions of one server. Callers hold the lock around `once`."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._done: OrderedDict[tuple[str, str], _Done] = OrderedDict()

    def once(self, call: Call, perform: Callable[[], Response]) -> Response:
        """Perform `call`, unless a transaction with its token was performed: then answer as before, or refuse."""
        document = call.json_body() if call.service == "dynamodb" and call.target == "TransactWriteItems" else {}
        token = document.pop("ClientRequestToken", None)
        if not isinstance(token, str):
            return perform()
        self._forget()
        request = json.dumps(document, sort_keys=True)
        done = self._done.get((call.region, token))
        if done is not None and done.request != request:
            message = "The request uses the same client token as a previous, but non-identical request."
            return error_response(call, "IdempotentParameterMismatchException", message)
        if done is not None:
            return Response(done.answer, content_type="application/x-amz-json-1.0")
        response = perform()
        if response.status_code == 200:
            self._done[call.region, token] = _Done(request, response.get_data(), self._now())
        return response

    def _forget(self) -> None:
        limit = self._now() - REMEMBERED_SECONDS
        while self._done and next(iter(self._done.values())).at < limit:
            self._done.popitem(last=False)
