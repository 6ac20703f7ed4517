"""Asks the embedded AWS in whose account it works."""

import http.client
import json
from urllib.parse import urlsplit

from leanto.embedded.plugin.clients import ClientCache

TIMEOUT_SECONDS = 10


def account_of(clients: ClientCache, region: str) -> str:
    """Return the 12-digit account id; a moto server without the box's own endpoints is asked by STS."""
    parts = urlsplit(clients.endpoint)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/_leanto/ping")
        response = connection.getresponse()
        body = response.read()
    finally:
        connection.close()
    if response.status == 200:
        return str(json.loads(body)["account_id"])
    return str(clients.get("sts", region).get_caller_identity()["Account"])
