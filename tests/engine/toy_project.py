"""A project of toy things for the tests of the engine; its program is a table that a test may change between runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi

from leanto.engine import environment, plugin
from leanto.engine.find import Engine
from leanto.engine.stack import Deployment

PROJECT = """
name: toys
runtime: {name: python, options: {toolchain: uv}}
main: infra
config:
  toys:mode: {type: string, default: plain, description: a word}
  toys:count: {type: integer, default: 3}
  toys:routes: {type: array, items: {type: object}, default: [{model: small}]}
"""


class Thing(pulumi.CustomResource):
    def __init__(self, name: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None) -> None:
        version = pulumi.ResourceOptions(version="1.0.0")
        super().__init__("toy:index:Thing", name, {**inputs, "seen": None}, pulumi.ResourceOptions.merge(version, opts))


@dataclass
class ToyProject:
    """`things` is what the program declares, `seen` the configuration it got in its last run."""

    engine: Engine
    folder: Path
    things: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)
    problem: Exception | None = None
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / "Pulumi.yaml").write_text(PROJECT)
        (self.root / "Pulumi.dev.yaml").write_text("# mine\nconfig:\n  toys:mode: fancy\n")

    @property
    def root(self) -> Path:
        return self.folder / "project"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def state_file(self) -> Path:
        return self.state / ".pulumi" / "stacks" / "toys" / "dev.json"

    def program(self) -> None:
        config = pulumi.Config("toys")
        self.seen = {
            "mode": config.get("mode"),
            "count": config.get_int("count"),
            "routes": config.get_object("routes"),
        }
        if self.problem:
            raise self.problem
        for name, inputs in self.things.items():
            Thing(name, inputs)
        pulumi.export("mode", self.seen["mode"])
        pulumi.export("routes", self.seen["routes"])

    def deployment(self, stack: str = "dev", **options: Any) -> Deployment:
        home = self.folder / "home"
        plugin.install(self.engine, home, name="toy", version="1.0.0", module="toy_plugin")
        box = {"PYTHONPATH": str(Path(__file__).parent), **self.environment}
        given = {
            "engine": self.engine,
            "work_dir": self.folder / "work",
            "state_url": f"file://{self.state}",
            "environment": environment.isolated(box),
            "pulumi_home": home,
        }
        return Deployment(self.root, stack, self.program, **{**given, **options})
