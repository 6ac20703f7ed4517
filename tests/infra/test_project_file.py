"""The real engine takes the project file and the presets: types, defaults and values as it reads them."""

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from infra.declarations import project_defaults, stack_values
from infra.problems import SettingsError
from infra.settings import read_settings
from leanto.engine.find import ensure
from tests.infra.synthesised import PINNED, PRESETS, ROOT

pytestmark = pytest.mark.engine


def pulumi(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the engine in a folder of its own, with its state there."""
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_BACKEND_URL": folder.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    command = [str(ensure(lambda _: None).path), *arguments, "--non-interactive"]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for path in ROOT.glob("Pulumi*.yaml"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


@pytest.mark.parametrize("preset", PRESETS)
def test_the_engine_hands_over_what_we_read_from_the_files(project: Path, preset: str) -> None:
    """Files that only we could read would be of no use to plain `pulumi up`."""
    made = pulumi(project, "stack", "init", preset)
    assert made.returncode == 0, made.stderr
    shown = pulumi(project, "config", "--stack", preset, "--json")
    assert shown.returncode == 0, shown.stderr
    handed_over = {key: entry["value"] for key, entry in json.loads(shown.stdout).items()}
    ours = {**stack_values(preset), **PINNED}
    assert handed_over.keys() == project_defaults().keys()
    assert read_settings({**handed_over, **PINNED}) == read_settings(ours)


def test_a_default_of_another_type_would_be_refused_by_the_engine(project: Path) -> None:
    """The engine checks the declared types: a claim that it took ours means something."""
    document = yaml.safe_load((project / "Pulumi.yaml").read_text())
    document["config"]["leanto:gpuMaximumNodes"]["default"] = "many"
    (project / "Pulumi.yaml").write_text(yaml.safe_dump(document))
    refused = pulumi(project, "stack", "init", "managed")
    assert refused.returncode != 0
    assert "gpuMaximumNodes" in refused.stderr


def test_a_value_that_the_engine_lets_through_is_refused_by_us(project: Path) -> None:
    """`pulumi config set` writes any text; the settings are checked once more where they are read."""
    assert pulumi(project, "stack", "init", "managed").returncode == 0
    assert pulumi(project, "config", "set", "--stack", "managed", "leanto:gatewayMemoryMib", "much").returncode == 0
    values = yaml.safe_load((project / "Pulumi.managed.yaml").read_text())["config"]
    with pytest.raises(SettingsError, match="leanto:gatewayMemoryMib"):
        read_settings({**project_defaults(), **values})


def test_slots_may_be_a_number_where_the_engine_knows_a_text(project: Path) -> None:
    """`auto` makes the setting a text; whoever writes 7 without quotes means 7."""
    path = project / "Pulumi.gpu.yaml"
    path.write_text(path.read_text().replace("leanto:gpuSpot", "leanto:gpuSlots: 7\n  leanto:gpuSpot"))
    assert pulumi(project, "stack", "init", "gpu").returncode == 0
    shown = pulumi(project, "config", "--stack", "gpu", "--json")
    assert shown.returncode == 0, shown.stderr
    handed_over = {key: entry["value"] for key, entry in json.loads(shown.stdout).items()}
    assert read_settings({**handed_over, **PINNED}).gpu_slots == 7
