"""The AWS clients of the handlers: made on first use, one for each service and region, shared between threads."""

import threading
from typing import Any
from urllib.parse import urlsplit

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})
ACCESS_KEY = "embedded"
"""The box asks nobody who they are; real credentials are never read, so none can be sent anywhere."""


class EndpointError(ValueError):
    """The endpoint is not one on this machine: this plugin works for AWS in a box only."""


def loopback_endpoint(url: str | None) -> str:
    """Return `url` when it names this machine; raise `EndpointError` otherwise."""
    parts = urlsplit(url or "")
    if parts.scheme not in {"http", "https"} or parts.hostname not in LOOPBACK_HOSTS:
        given = f"is {url!r}" if url else "is not set"
        raise EndpointError(
            f"AWS_ENDPOINT_URL {given}, but this plugin serves AWS in a box only and needs a loopback URL such as "
            "http://127.0.0.1:5000. For a real account unset PULUMI_HOME, so that Pulumi uses the official aws plugin"
        )
    return f"{parts.scheme}://{parts.netloc}"


class ClientCache:
    """Makes botocore clients of one endpoint; botocore is imported with the first of them, for a quick start."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = loopback_endpoint(endpoint)
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str], Any] = {}
        self._session: Any = None

    def get(self, service: str, region: str) -> Any:
        """Return the client of `service` in `region`."""
        key = (service, region)
        client = self._clients.get(key)
        if client is None:
            with self._lock:
                client = self._clients.get(key) or self._make(service, region)
                self._clients[key] = client
        return client

    def _make(self, service: str, region: str) -> Any:
        import botocore.session  # noqa: PLC0415 - 0.2 s that the start of the plugin does not have
        from botocore.config import Config  # noqa: PLC0415

        if self._session is None:
            self._session = botocore.session.Session()
        config = Config(
            # A failing call is to be seen at once: moto answers what it lacks with status 500, which would be retried.
            retries={"max_attempts": 0, "mode": "standard"},
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            # Loopback is never reached through a proxy, whatever the environment says.
            proxies={},
            connect_timeout=10,
            read_timeout=60,
            max_pool_connections=32,
        )
        return self._session.create_client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=ACCESS_KEY,
            config=config,
        )
