"""The Instance Metadata Service of one emulated instance, version 2 only: without a session token it tells nothing.

See https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-v2-how-it-works.html.
"""

import datetime as dt
import json
import secrets
from dataclasses import dataclass, field

from aiohttp import web

TOKEN, TOKEN_SECONDS = "X-aws-ec2-metadata-token", "X-aws-ec2-metadata-token-ttl-seconds"
MAXIMUM_TOKEN_SECONDS = 21600
ROLE = "node"
CREDENTIALS_HOURS = 6


@dataclass
class InstanceFacts:
    """What an instance is told of itself; `ending_at` is set once EC2 is about to take a spot instance away."""

    instance_id: str
    instance_type: str
    zone: str
    address: str
    market: str = "on-demand"
    credentials: dict[str, str] = field(default_factory=dict, repr=False)
    ending_at: dt.datetime | None = None

    def values(self) -> dict[str, str]:
        """Return everything under `/latest/meta-data/`, by path."""
        role = "iam/security-credentials/"
        values = {
            "instance-id": self.instance_id,
            "instance-type": self.instance_type,
            "placement/availability-zone": self.zone,
            "placement/region": self.zone[:-1],
            "local-ipv4": self.address,
            "instance-life-cycle": self.market,
            role: ROLE,
            role + ROLE: json.dumps(self._credentials()),
        }
        if self.ending_at is not None:
            time = f"{self.ending_at:%Y-%m-%dT%H:%M:%SZ}"
            values["spot/instance-action"] = json.dumps({"action": "terminate", "time": time})
        return values

    def _credentials(self) -> dict[str, str]:
        ends = dt.datetime.now(dt.UTC) + dt.timedelta(hours=CREDENTIALS_HOURS)
        fixed = {"Code": "Success", "Type": "AWS-HMAC", "Expiration": f"{ends:%Y-%m-%dT%H:%M:%SZ}"}
        given = {"AccessKeyId": "box", "SecretAccessKey": "box", "Token": "box"}
        return fixed | (self.credentials or given)


class MetadataService:
    """Serves one instance's facts on loopback; `url` is what the instance's variable names."""

    def __init__(self, facts: InstanceFacts) -> None:
        self.facts = facts
        self.url = ""
        self.refused = 0
        """Requests without a valid session token: a node makes none."""
        self._tokens: set[str] = set()
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen on a free port."""
        app = web.Application()
        app.router.add_put("/latest/api/token", self._issue)
        app.router.add_get("/latest/meta-data/{path:.*}", self._tell)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = "http://{}:{}".format(*self._runner.addresses[0][:2])

    async def close(self) -> None:
        """Listen no more."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _issue(self, request: web.Request) -> web.Response:
        seconds = request.headers.get(TOKEN_SECONDS, "")
        if not seconds.isdigit() or not 1 <= int(seconds) <= MAXIMUM_TOKEN_SECONDS:
            return web.Response(status=400)
        token = secrets.token_urlsafe(32)
        self._tokens.add(token)
        return web.Response(text=token)

    async def _tell(self, request: web.Request) -> web.Response:
        if request.headers.get(TOKEN) not in self._tokens:
            self.refused += 1
            return web.Response(status=401)
        value = self.facts.values().get(request.match_info["path"])
        return web.Response(status=404) if value is None else web.Response(text=value)
