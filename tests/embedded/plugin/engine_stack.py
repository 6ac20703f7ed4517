"""A stack of AWS resources run by the real engine onto an embedded AWS, with a program that a test changes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pulumi

from leanto.embedded.aws import AwsServer
from leanto.engine import environment, plugin
from leanto.engine.changes import Result
from leanto.engine.find import Engine
from leanto.engine.stack import Deployment

PROJECT = """
name: boxed
runtime: {name: python, options: {toolchain: uv}}
main: infra
"""


@dataclass
class EngineStack:
    """`program` may be changed between runs; `settings` is for it to read."""

    engine: Engine
    aws: AwsServer
    folder: Path
    program: Callable[["EngineStack"], None]
    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / "Pulumi.yaml").write_text(PROJECT)
        (self.root / "Pulumi.dev.yaml").write_text("config: {}\n")
        plugin.install(self.engine, self.home)

    @property
    def root(self) -> Path:
        return self.folder / "project"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @cached_property
    def aws_url(self) -> str:
        """Where the embedded AWS is, or was."""
        return self.aws.url

    def deployment(self) -> Deployment:
        box = {
            "AWS_ENDPOINT_URL": self.aws_url,
            "AWS_ACCESS_KEY_ID": "box",
            "AWS_SECRET_ACCESS_KEY": "box",
            "AWS_REGION": "eu-west-1",
        }
        return Deployment(
            self.root,
            "dev",
            lambda: self.program(self),
            engine=self.engine,
            work_dir=self.folder / "work",
            state_url=f"file://{self.folder / 'state'}",
            overlay={"aws:region": "eu-west-1", "aws:defaultTags": {"tags": {"owner": "platform"}}},
            environment=environment.isolated(box),
            pulumi_home=self.home,
        )

    def preview(self) -> Result:
        return self.deployment().preview()

    def up(self) -> Result:
        return self.deployment().up()

    def refresh(self) -> Result:
        return self.deployment().refresh()

    def destroy(self) -> Result:
        return self.deployment().destroy()


def changes(result: Result) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return logical name and type of what changes -> what happens and in which properties."""
    return {
        f"{change.name} {change.type.rpartition(':')[2]}": (
            change.operation,
            tuple(sorted({path.split(".", 1)[0] for path in change.properties})),
        )
        for change in result.changed
        if not change.is_provider and change.type != "pulumi:pulumi:Stack"
    }


def depends_on(*resources: pulumi.Resource) -> pulumi.ResourceOptions:
    """Return the option that makes a resource wait for others."""
    return pulumi.ResourceOptions(depends_on=list(resources))
