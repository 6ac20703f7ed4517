"""Stages as they are deployed: read from the embedded AWS and its side store in threads, kept for a second."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from leanto.embedded.front.request import Api
from leanto.embedded.front.snapshot import DEPLOYMENT_TOKEN, Snapshot, read_snapshot
from leanto.embedded.plugin.clients import ClientCache
from leanto.embedded.plugin.errors import absent
from leanto.embedded.plugin.side import HttpSideStore

KEPT_SECONDS = 1.0
"""How old a reading may be: a changed stage is seen after at most this time."""
NO_VARIABLES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Stage:
    """A stage and the snapshot of its deployment."""

    api: Api
    deployment_id: str
    snapshot: Snapshot
    method_settings: Mapping[str, Any]
    variables: Mapping[str, str]
    log_group: str = ""
    log_format: str = field(default="", repr=False)


class Stages:
    """Finds stages. Snapshots never change, so that each is read once."""

    def __init__(self, aws_url: str, region: str) -> None:
        self._clients = ClientCache(aws_url)
        self._side = HttpSideStore(aws_url)
        self._region = region
        self._account_id = ""
        self._snapshots: dict[str, Snapshot] = {}
        self._kept: dict[tuple[str, str], tuple[float, Stage | None]] = {}

    async def find(self, api_id: str, name: str) -> Stage | None:
        """Return a stage; None when there is none, or none that a deployment stands behind."""
        kept = self._kept.get((api_id, name))
        if kept is not None and time.monotonic() - kept[0] < KEPT_SECONDS:
            return kept[1]
        found = await asyncio.to_thread(self._read, api_id, name)
        if found is None:
            self._kept.pop((api_id, name), None)
        else:
            self._kept[api_id, name] = (time.monotonic(), found)
        return found

    def _read(self, api_id: str, name: str) -> Stage | None:
        with absent("NotFoundException"):
            document = self._clients.get("apigateway", self._region).get_stage(restApiId=api_id, stageName=name)
            snapshot = self._snapshot(str(document["deploymentId"]))
            return None if snapshot is None else self._stage(api_id, name, document, snapshot)
        return None

    def _snapshot(self, deployment_id: str) -> Snapshot | None:
        if deployment_id not in self._snapshots:
            document = self._side.get(DEPLOYMENT_TOKEN, deployment_id).get("snapshot")
            if document is None:
                return None
            self._snapshots[deployment_id] = read_snapshot(document)
        return self._snapshots[deployment_id]

    def _stage(self, api_id: str, name: str, document: Mapping[str, Any], snapshot: Snapshot) -> Stage:
        log = document.get("accessLogSettings") or {}
        return Stage(
            api=Api(api_id, name, self._region, self._account()),
            deployment_id=str(document["deploymentId"]),
            snapshot=snapshot,
            method_settings=document.get("methodSettings") or {},
            variables=document.get("variables") or NO_VARIABLES,
            log_group=str(log.get("destinationArn", "")).partition(":log-group:")[2].removesuffix(":*"),
            log_format=str(log.get("format", "")),
        )

    def _account(self) -> str:
        if not self._account_id:
            identity = self._clients.get("sts", self._region).get_caller_identity()
            self._account_id = str(identity["Account"])
        return self._account_id
