"""Starts and stops the embedded AWS: moto on a free loopback port, with what the box adds to it."""

import socket
import threading
from types import TracebackType
from typing import Self

from moto.core.config import default_user_config
from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import ThreadedWSGIServer

from leanto.embedded.aws import accounts, destinations, functions, instances, patches
from leanto.embedded.aws.application import Application
from leanto.embedded.aws.delivery import RETRY_DELAYS_SECONDS
from leanto.embedded.aws.instances import RunningInstance
from leanto.embedded.aws.invocation import InvokeHook, InvokeStreamHook
from leanto.embedded.aws.invocations import Invocations
from leanto.embedded.aws.lock import MOTO_LOCK
from leanto.embedded.aws.side import SideRecords
from leanto.embedded.aws.warm import warm

LOOPBACK = "127.0.0.1"
BACKLOG = 512


class AwsServerError(Exception):
    """The embedded AWS cannot start or is not running; the text says why and what to do."""


class AwsServer:
    """An AWS account on loopback. Use as a context manager, or pair `start` with `stop`.

    Several may run in one process: each works in an account of its own (`account_id`), which starts empty.
    `on_invoke` and `on_invoke_stream` run functions; without them invocations are refused with `ServiceException`.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        on_invoke: InvokeHook | None = None,
        on_invoke_stream: InvokeStreamHook | None = None,
        warm_region: str = "",
        retry_delays_seconds: tuple[float, ...] = RETRY_DELAYS_SECONDS,
    ) -> None:
        self.side = SideRecords()
        self._port = port
        self._warm_region = warm_region
        self._invocations = Invocations(on_invoke, destinations.tell, retry_delays_seconds, on_invoke_stream)
        self._running: _Running | None = None

    @property
    def url(self) -> str:
        """Where it listens, such as `http://127.0.0.1:40123`."""
        return f"http://{LOOPBACK}:{self._state().http.port}"

    @property
    def account_id(self) -> str:
        """The account of all its callers, 12 digits."""
        return self._state().account_id

    def start(self) -> str:
        """Listen and return the URL; raises AwsServerError when the port is refused."""
        if self._running is not None:
            return self.url
        listener = _listen(self._port)
        default_user_config["lambda"] = {"use_docker": False}
        patches.apply_all()
        with MOTO_LOCK:
            account_id = accounts.claim(self._invocations)
        self._running = _Running(listener, account_id, Application(account_id, self.side, self._invocations))
        self._running.serve(self._warm_region)
        return self.url

    def stop(self) -> None:
        """Stop listening and drop the account; no error when it is not running."""
        if self._running is None:
            return
        running, self._running = self._running, None
        self._invocations.stop()
        running.close()
        self.side.clear()
        with MOTO_LOCK:
            accounts.release(running.account_id)

    def lambda_code(self, function_name: str, region: str) -> bytes:
        """Return the deployed zip of a function; raises FunctionMissingError."""
        with MOTO_LOCK:
            code: bytes = functions.find(self.account_id, function_name, region).code_bytes
            return code

    def layer_code(self, layer_version_arn: str) -> bytes:
        """Return the zip of a layer version; raises FunctionMissingError."""
        with MOTO_LOCK:
            return functions.layer_code(self.account_id, layer_version_arn)

    def permits(self, function_name: str, region: str, service: str, source_arn: str) -> bool:
        """Say whether a function's policy lets `service` invoke it for `source_arn`; raises FunctionMissingError."""
        with MOTO_LOCK:
            function = functions.find(self.account_id, function_name, region)
            return functions.permits(function, service, source_arn, self.account_id)

    def running_instances(self, region: str) -> tuple[RunningInstance, ...]:
        """Return the running EC2 instances of a region that have user data."""
        with MOTO_LOCK:
            return instances.running(self.account_id, region)

    def _state(self) -> "_Running":
        if self._running is None:
            raise AwsServerError("the embedded AWS is not running: call start() first")
        return self._running

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Running:
    """What exists only while the server runs."""

    def __init__(self, listener: socket.socket, account_id: str, application: Application) -> None:
        self.account_id = account_id
        self.http = ThreadedWSGIServer(
            LOOPBACK, listener.getsockname()[1], application, handler=_Handler, fd=listener.fileno()
        )
        listener.close()
        self._application = application
        self._stop_warming = threading.Event()
        self._threads = [
            threading.Thread(target=self.http.serve_forever, args=(0.05,), name="embedded-aws", daemon=True)
        ]

    def serve(self, warm_region: str) -> None:
        if warm_region:
            arguments = (self._application.moto, self.account_id, warm_region, self._stop_warming)
            self._threads.append(threading.Thread(target=warm, args=arguments, name="embedded-aws-warm", daemon=True))
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self._stop_warming.set()
        self.http.shutdown()
        self.http.server_close()
        for thread in self._threads:
            thread.join()


class _Handler(MotoRequestHandler):
    """Writes no access log: paths of presigned requests carry signatures."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        del code, size


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise AwsServerError(
            f"port {port} on {LOOPBACK} is refused ({error.strerror}): free it, or use port 0 to get a free one"
        ) from error
    return listener
