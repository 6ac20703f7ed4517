"""Lists everything that is left in an account: the proof, after a destroy, that nothing is."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from leanto.embedded.inventory import LISTINGS, SEARCHES, Found, Listing, Search

THREADS = 4


@dataclass(frozen=True, order=True)
class Leftover:
    """One resource: the service by its SDK name, what it is, and its id, name or ARN."""

    service: str
    kind: str
    identifier: str


@dataclass(frozen=True)
class Remains:
    """What is left, and what AWS has scheduled for deletion and bills nothing or only storage for until then."""

    left: tuple[Leftover, ...]
    scheduled: tuple[Leftover, ...]


def leftovers(aws_url: str, region: str) -> tuple[Leftover, ...]:
    """Return what is left in the box at `aws_url`, sorted; raises botocore's errors when it does not answer."""
    return remains(aws_url, region).left


def remains(aws_url: str, region: str) -> Remains:
    """Return what is left and what is scheduled for deletion in the box at `aws_url`, each sorted."""
    session = boto3.Session("box", "box", region_name=region)
    config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, max_pool_connections=THREADS)
    names = sorted({listing.service for listing in LISTINGS} | {service for service, _ in SEARCHES} | {"sts"})
    clients = {name: session.client(name, endpoint_url=aws_url, config=config) for name in names}
    try:
        return _search(clients)
    finally:
        for client in clients.values():
            client.close()


def _search(clients: dict[str, Any]) -> Remains:
    account_id = clients["sts"].get_caller_identity()["Account"]
    with ThreadPoolExecutor(THREADS) as pool:
        pending = [(listing.service, pool.submit(_listed, clients[listing.service], listing)) for listing in LISTINGS]
        pending += [
            (service, pool.submit(_searched, clients[service], search, account_id)) for service, search in SEARCHES
        ]
        pairs = [(service, found) for service, future in pending for found in future.result()]
    entries = sorted((Leftover(service, found.kind, found.identifier), found.scheduled) for service, found in pairs)
    return Remains(
        left=tuple(leftover for leftover, scheduled in entries if not scheduled),
        scheduled=tuple(leftover for leftover, scheduled in entries if scheduled),
    )


def _searched(client: Any, search: Search, account_id: str) -> tuple[Found, ...]:
    return tuple(search(client, account_id))


def _listed(client: Any, listing: Listing) -> tuple[Found, ...]:
    pages = client.get_paginator(listing.operation).paginate(**listing.arguments)
    left = tuple(Found(listing.kind, identifier) for identifier in pages.search(listing.identifiers) if identifier)
    if not listing.scheduled:
        return left
    scheduled = (identifier for identifier in pages.search(listing.scheduled) if identifier)
    return (*left, *(Found(listing.kind, identifier, scheduled=True) for identifier in scheduled))
