"""Starts and stops the embedded AWS: moto on a free loopback port, with what the box adds to it."""

import threading
from types import TracebackType
from typing import Self

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import BaseWSGIServer, make_server

from leanto.embedded.aws.application import Application
from leanto.embedded.aws.invocation import InvokeHook
from leanto.embedded.aws.side import SideRecords

LOOPBACK = "127.0.0.1"


class AwsServer:
    """An AWS account on loopback. Use as a context manager, or pair `start` with `stop`."""

    def __init__(self, port: int = 0, *, on_invoke: InvokeHook | None = None) -> None:
        self.side = SideRecords()
        self.account_id = "123456789012"
        self._port = port
        self._on_invoke = on_invoke
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where it listens, such as `http://127.0.0.1:40123`."""
        if self._server is None:
            raise RuntimeError("the embedded AWS is not running: call start() first")
        return f"http://{LOOPBACK}:{self._server.port}"

    def start(self) -> str:
        """Listen and return the URL; the first call may be sent at once."""
        app = Application(self.account_id, self.side)
        self._server = make_server(LOOPBACK, self._port, app, threaded=True, request_handler=_QuietHandler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="embedded-aws", daemon=True)
        self._thread.start()
        return self.url

    def stop(self) -> None:
        """Stop listening; no error when it is not running."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._server = self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _QuietHandler(MotoRequestHandler):
    """Writes no access log: paths of presigned requests carry signatures."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        del code, size
