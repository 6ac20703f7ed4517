"""The WSGI application of the embedded AWS: its own few endpoints, then moto, one call at a time."""

import json
import os
from collections.abc import Callable, Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.wrappers import Response

from leanto.embedded.aws import api_tags, errors, function_api, integrity, local, parameters, side, stream_api
from leanto.embedded.aws.call import Call, Environ, current_call, read_call
from leanto.embedded.aws.idempotency import TransactionTokens
from leanto.embedded.aws.invocations import Invocations
from leanto.embedded.aws.lock import MOTO_LOCK
from leanto.embedded.aws.side import SideRecords

PREFIX = "/_leanto/"


class Application:
    """Answers every request of one server. `account_id` is the account in which all its callers work."""

    def __init__(self, account_id: str, side_records: SideRecords, invocations: Invocations) -> None:
        self.account_id = account_id
        self.moto = DomainDispatcherApplication(create_backend_app)
        self._side = side_records
        self._invocations = invocations
        self._transactions = TransactionTokens()

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one WSGI request."""
        call = read_call(environ)
        return self._answer(call, environ)(environ, start_response)

    def _answer(self, call: Call, environ: Environ) -> Response:
        refusal = local.refusal(call)
        if refusal:
            return errors.error_response(call, "AccessDenied", refusal, 403)
        return self._own(call) if call.raw_path.startswith(PREFIX) else self._aws(call, environ)

    def _own(self, call: Call) -> Response:
        match call.path_parts[1:]:
            case ("ping",):
                return _json({"service": "leanto embedded AWS", "pid": os.getpid(), "account_id": self.account_id})
            case ("side", *rest):
                return side.answer(self._side, call, tuple(rest))
        return _json({"message": f"the embedded AWS has nothing at {call.raw_path}"}, 404)

    def _aws(self, call: Call, environ: Environ) -> Response:
        if call.service == "lambda" and function_api.is_invocation(call):
            return function_api.answer(call, self.account_id, self._invocations)
        if call.service == "lambda" and stream_api.is_stream_invocation(call):
            return stream_api.answer(call, self.account_id, self._invocations)
        refusal = integrity.refusal(call)
        if refusal is not None:
            return refusal
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = self.account_id
        token = current_call.set(call)
        try:
            with MOTO_LOCK:
                response = self._transactions.once(call, lambda: self._ask_moto(call, environ))
        finally:
            current_call.reset(token)
        return errors.readable(call, response)

    def _ask_moto(self, call: Call, environ: Environ) -> Response:
        try:
            if api_tags.is_api_tagging(call):
                return api_tags.answer(call, self.account_id)
            if call.service == "ssm":
                parameters.publish(self.account_id, call.region)
            return Response.from_app(self.moto, environ, buffered=True)
        except Exception as error:  # whatever moto raises, the caller gets an error of AWS's form
            return errors.from_exception(call, error)


def _json(document: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(document), status, content_type="application/json")
