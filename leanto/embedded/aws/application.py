"""The WSGI application of the embedded AWS: its own few endpoints, then moto, one call at a time."""

import json
import os
import threading
from collections.abc import Callable, Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.wrappers import Response

from leanto.embedded.aws import side
from leanto.embedded.aws.call import Call, Environ, current_call, read_call
from leanto.embedded.aws.side import SideRecords

PREFIX = "/_leanto/"
MOTO_LOCK = threading.RLock()
"""One call at a time: moto 5.2.5 is not safe between threads (it lets 14 of 64 writers through a budget of 10).

The lock is one for the process, because moto's state is one for the process.
"""


class Application:
    """Answers every request of one server. `account_id` is the account in which all its callers work."""

    def __init__(self, account_id: str, side_records: SideRecords) -> None:
        self.account_id = account_id
        self._side = side_records
        self._moto = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one WSGI request."""
        call = read_call(environ)
        response = self._own(call) if call.raw_path.startswith(PREFIX) else self._aws(call, environ)
        return response(environ, start_response)

    def _own(self, call: Call) -> Response:
        parts = call.path_parts[1:]
        if parts == ("ping",):
            return _ping({"service": "leanto embedded AWS", "pid": os.getpid(), "account_id": self.account_id})
        if parts and parts[0] == "side":
            return side.answer(self._side, call, parts[1:])
        return Response(json.dumps({"message": f"nothing at {call.raw_path}"}), 404, content_type="application/json")

    def _aws(self, call: Call, environ: Environ) -> Response:
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = self.account_id
        token = current_call.set(call)
        try:
            with MOTO_LOCK:
                return Response.from_app(self._moto, environ, buffered=True)
        finally:
            current_call.reset(token)


def _ping(document: dict[str, Any]) -> Response:
    return Response(json.dumps(document), content_type="application/json")
