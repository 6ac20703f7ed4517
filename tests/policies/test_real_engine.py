"""Claims about the pack under the real engine: what is wrong stops at the preview, or before it is created."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import pulumi
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2_grpc

from leanto.cli import runs
from leanto.cli.policies import Held
from leanto.engine import plugin, policypack
from leanto.engine.errors import DeploymentFailedError, EngineError, PoliciesBrokenError
from leanto.engine.find import Engine, ensure
from leanto.engine.policypack import PolicyPack
from leanto.engine.stack import Deployment
from policies.pack import BY_ID, RULES
from tests.engine.toy_project import ToyProject

ROOT = Path(__file__).resolve().parents[2]
TOYS = ROOT / "tests" / "engine"
engine_test = pytest.mark.engine


class Volume(pulumi.CustomResource):
    """A volume of a provider that does nothing; `seen` is known only once it is created."""

    seen: pulumi.Output[Any]

    def __init__(self, name: str, **inputs: Any) -> None:
        super().__init__(
            "aws:ebs/volume:Volume", name, {**inputs, "seen": None}, pulumi.ResourceOptions(version="1.0.0")
        )


class Project:
    """A project whose program may be changed between runs; `created` is what its state holds."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.toys = ToyProject(engine, folder, environment={"SIZE": "1", "ENCRYPTED": "false"})
        self.engine, self.folder = engine, folder
        plugin.install(engine, folder / "home", name="aws", version="1.0.0", module="toy_plugin")

    def stack(self, program: Any) -> Deployment:
        self.toys.program = program  # type: ignore[method-assign]
        return self.toys.deployment()

    @property
    def created(self) -> set[str]:
        if not self.toys.state_file.exists():
            return set()
        latest = json.loads(self.toys.state_file.read_text())["checkpoint"]["latest"] or {}
        return {row["urn"].rpartition("::")[2] for row in latest.get("resources", ()) if row["type"].startswith("aws:")}

    def pack(self, configuration: dict[str, Any]) -> PolicyPack:
        return policypack.prepare(self.folder / "pack", self.engine, configuration, root=self.toys.root, profile="prod")

    def toy_pack(self) -> PolicyPack:
        path = self.folder / "toy-pack"
        path.write_text(f'#!/bin/sh\nexec {sys.executable} -u {Path(__file__).with_name("toy_pack.py")} "$@"\n')
        path.chmod(0o755)
        configuration = self.folder / "toy.json"
        configuration.write_text("{}")
        return PolicyPack(path, configuration)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.syspath_prepend(str(TOYS))
    monkeypatch.setenv("PYTHONPATH", f"{TOYS}:{ROOT}")
    return Project(ensure(print), tmp_path)


def broken(error: PoliciesBrokenError) -> set[tuple[str, str]]:
    return {(seen.rule, seen.urn.rpartition("::")[2]) for seen in error.violations if seen.mandatory}


@engine_test
def test_a_value_known_to_be_bad_stops_the_preview(project: Project) -> None:
    stack = project.stack(lambda: Volume("data", encrypted=False, size=1))
    with pytest.raises(PoliciesBrokenError) as caught:
        stack.preview(policies=project.pack({}))
    assert ("ebs-encrypted", "data") in broken(caught.value)


@engine_test
def test_a_value_known_late_stops_the_deployment_before_that_resource_is_created(project: Project) -> None:
    def program() -> None:
        first = Volume("first", encrypted=True, size=1, show="ENCRYPTED")
        Volume("second", encrypted=first.seen["ENCRYPTED"], size=1)

    stack, pack = project.stack(program), project.toy_pack()
    (pending,) = stack.preview(policies=pack).violations
    assert (pending.rule, pending.mandatory) == ("profile", False)
    assert "ebs-encrypted will be decided before each resource is created" in pending.message
    with pytest.raises(PoliciesBrokenError) as caught:
        stack.up(policies=pack)
    assert broken(caught.value) == {("ebs-encrypted", "second")}
    assert project.created == {"first"}


@engine_test
def test_a_cap_over_the_stack_stops_it_before_anything_is_created(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """`leanto up` previews with the pack first; the engine's own up would ask such a rule when all is created."""

    def program() -> None:
        Volume("one", encrypted=True, size=60)
        Volume("two", encrypted=True, size=60)

    place = SimpleNamespace(deployment=project.stack(program))
    held = Held("prod", project.toy_pack(), "dev")
    with pytest.raises(PoliciesBrokenError) as caught:
        runs.up(place, runs.preview(place, held), held)
    assert broken(caught.value) == {("size-cap", "toys-dev")}
    assert project.created == set()


@engine_test
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"all": "disabled"}, "all: it is 'disabled'; allowed: advisory, mandatory"),
        ({"ebs-encrypted": "disabled"}, "ebs-encrypted: disabled weakens a floor: in profile prod it stays mandatory"),
        ({"ebs-encryptd": "mandatory"}, "there is no such rule; did you mean ebs-encrypted?"),
    ],
    ids=str,
)
def test_a_configuration_that_weakens_a_floor_or_names_no_rule_lets_nothing_be_deployed(
    project: Project, given: dict[str, Any], said: str
) -> None:
    stack = project.stack(lambda: Volume("data", encrypted=False, size=1))
    with pytest.raises(DeploymentFailedError) as caught:
        stack.up(policies=project.pack(given))
    assert said in str(caught.value)
    assert project.created == set()


def test_an_older_engine_is_not_let_hang_for_want_of_an_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its language host waits for ever when the environment that PulumiPolicy.yaml names is not there."""
    monkeypatch.setattr(policypack, "FOLDER", tmp_path / "policies")
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "PulumiPolicy.yaml").write_text((ROOT / "policies" / "PulumiPolicy.yaml").read_text())
    older = Engine(Path("pulumi"), "3.254.9", "PATH")
    with pytest.raises(EngineError, match=r"make setup.*3\.255\.0 or later"):
        policypack.prepare(tmp_path / "pack", older, {}, root=tmp_path, profile="prod")
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    pack = policypack.prepare(tmp_path / "pack", older, {}, root=tmp_path, profile="prod")
    assert pack.path == tmp_path / "policies"


@pytest.mark.parametrize(
    "command",
    [["-u", "-m", "pulumi.policy", "127.0.0.1:1", "."], ["-u", str(ROOT / "policies" / "__main__.py"), "127.0.0.1:1"]],
    ids=["as the language host starts it", "as leanto starts it"],
)
def test_the_pack_answers_however_it_is_started_and_ends_with_the_engine(command: list[str]) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PULUMI_", "LEANTO_"))}
    with subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT / "policies",
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            info = analyzer_pb2_grpc.AnalyzerStub(channel).GetAnalyzerInfo(empty_pb2.Empty(), timeout=20)
        assert {row.name for row in info.policies} == {*BY_ID, "profile"}
        announced = {row.name: row.enforcementLevel for row in info.policies}
        assert all(announced[row.id] == 1 for row in RULES if row.floor)
        process.stdin.close()
        assert process.wait(timeout=20) == 0


def test_a_wrong_profile_in_the_environment_ends_the_pack_with_words() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "policies")],
        env={**os.environ, "LEANTO_POLICY_PROFILE": "prd"},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert (done.returncode, done.stderr.strip()) == (1, "LEANTO_POLICY_PROFILE is 'prd'; allowed: dev, prod, eu")
