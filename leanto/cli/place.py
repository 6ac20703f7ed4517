"""Where a command works: a stack on the user's own account, or on AWS in a box. The rest of the command is the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.settings import Settings
from leanto.cli import screen
from leanto.cli.project import read_settings
from leanto.embedded.box import Box
from leanto.engine import plugin
from leanto.engine.find import Engine, ensure

if TYPE_CHECKING:
    from leanto.engine.stack import Deployment

QUICK_STEPS = 2
"""PATH and cache: where one of them gives the engine there is nothing to tell."""


@dataclass(frozen=True)
class Place:
    """One stack and everything that a run of the engine on it needs.

    `overlay` wins over the stack file's values; `box` is None on a real account.
    """

    root: Path
    stack: str
    region: str
    work_dir: Path
    state_url: str | None
    pulumi_home: Path | None
    environment: Mapping[str, str]
    overlay: Mapping[str, object]
    box: Box | None = None

    @property
    def options(self) -> str:
        """Return the options that name this place in a command to type next."""
        return f"--stack {self.stack}" + (" --embedded" if self.box else "")

    @cached_property
    def settings(self) -> Settings:
        """Return the checked settings; raises SettingsError naming every wrong one."""
        return read_settings(self.root, self.stack, self.overlay)

    @cached_property
    def engine(self) -> Engine:
        """Return the engine, made first if need be; the plugin of the box is installed for it."""
        found = ensure(screen.Held(QUICK_STEPS))
        if self.box is not None and self.pulumi_home is not None:
            plugin.install(found, self.pulumi_home)
        return found

    @cached_property
    def deployment(self) -> "Deployment":
        """Return the stack under the engine."""
        from leanto.engine.stack import Deployment  # noqa: PLC0415 - brings all of Pulumi, for some commands only

        return Deployment(
            self.root,
            self.stack,
            _program,
            engine=self.engine,
            work_dir=self.work_dir,
            state_url=self.state_url,
            overlay=self.overlay,
            environment=self.environment,
            pulumi_home=self.pulumi_home,
            options=self.options,
        )

    @cached_property
    def outputs(self) -> Mapping[str, Any]:
        """Return the outputs of the last `up`."""
        return self.deployment.outputs()

    def client(self, service: str) -> Any:
        """Return a boto3 client of an AWS service in the stack's region: the account's, or the box's."""
        return aws_client(service, self.region, self.box)

    def reachable(self, url: str) -> str:
        """Return the address under which this machine reaches a deployed URL."""
        return self.box.reachable(url) if self.box else url


def aws_client(service: str, region: str, box: Box | None) -> Any:
    """Return a boto3 client of an AWS service: of the user's account, or of the box, where no profile is looked at."""
    import boto3  # noqa: PLC0415 - slow, for some commands only

    if box is None:
        return boto3.Session(region_name=region).client(service)
    session = boto3.Session("box", "box", region_name=region)
    return session.client(service, endpoint_url=box.aws_url)


def _program() -> None:
    """Declare the resources."""
    from infra.program import main  # noqa: PLC0415 - brings the whole SDK of AWS, for some commands only

    main()
