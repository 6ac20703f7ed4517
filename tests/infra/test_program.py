"""The program as Pulumi runs it: by `main`, and as a script from its own folder; what a user sees when it cannot."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from unittest import mock

import pulumi
import pulumi_aws
import pytest

from infra import program
from infra.regions import REGIONS
from leanto.check.project import stack_configuration
from leanto.check.synthesis import synthesise
from leanto.embedded.plugin.registry import RESOURCES
from leanto.embedded.plugin.values import UNKNOWN
from tests.infra.synthesised import PINS, PRESETS, ROOT, synthesised

OUTPUTS = {
    "endpoint_url",
    "api_id",
    "stage_name",
    "region",
    "mode",
    "models",
    "table_name",
    "provider_secret_arns",
    "gateway_function_name",
    "stop_function_name",
    "alert_topic_arn",
    "stop_topic_arn",
}
POOL_OUTPUTS = {"relay_function_name", "pool_bucket_name", "group_name"}


@pytest.mark.parametrize("preset", PRESETS)
def test_a_stack_gives_out_what_commands_need(preset: str) -> None:
    outputs = synthesised(preset).outputs
    assert outputs.keys() == OUTPUTS | (POOL_OUTPUTS if preset != "managed" else set())
    assert outputs["mode"] == preset
    assert outputs["models"] == ["small"]
    assert outputs["endpoint_url"] == f"https://{outputs['api_id']}.execute-api.us-east-1.amazonaws.com/v1"


@pytest.mark.parametrize("preset", PRESETS)
def test_every_resource_goes_through_the_one_provider_with_region_and_tags(preset: str) -> None:
    """A resource on the default provider would go to whatever region the environment names, without tags."""
    providers = {row.provider for row in synthesised(preset).owned()}
    assert len(providers) == 1
    assert str(providers.pop()).partition("::")[2].split("::")[-2] == "aws"


@pytest.mark.parametrize("preset", PRESETS)
def test_every_resource_belongs_to_a_component(preset: str) -> None:
    synthesis = synthesised(preset)
    components = {row.urn for row in synthesis.resources if not row.custom}
    assert {row.name for row in synthesis.owned() if row.parent not in components} == set()


def test_the_first_preview_knows_every_permission_but_the_keys() -> None:
    """Policies are read before anything exists, so the names in them are fixed and not made up by AWS."""
    preview = synthesised("hybrid", preview=True)
    by_name = {row.name: row.inputs for row in preview.owned() if row.type == "aws:s3/bucketPolicy:BucketPolicy"}
    assert by_name, "buckets' ARNs are made up by AWS"
    known = {
        row.name
        for row in preview.owned()
        for key in ("policy", "assumeRolePolicy")
        if key in row.inputs and row.inputs[key] is not UNKNOWN
    }
    assert {f"leanto-hybrid-{name}" for name in ("keys-data", "keys-pool", "functions-gateway-role")} <= known
    assert "leanto-hybrid-network-dynamodb" in known


@pytest.mark.parametrize("preset", PRESETS)
def test_the_program_uses_no_type_that_the_box_does_not_serve(preset: str) -> None:
    assert {row.type for row in synthesised(preset, "prod").owned()} <= RESOURCES.keys()


def refusal(stack: str = "hybrid", **changes: str) -> str:
    """Return what Pulumi shows of a program that cannot run."""
    values = stack_configuration(ROOT, "hybrid", {f"leanto:{key}": value for key, value in changes.items()})
    with pytest.raises(pulumi.RunError) as caught:
        synthesise(program.main, project="leanto", stack=stack, configuration=values.values)
    return str(caught.value)


def test_wrong_settings_end_the_program_with_their_problems_and_no_traceback() -> None:
    """Pulumi shows the text of a RunError and nothing else."""
    text = refusal(monthlyCapUsd="0")
    assert "4 settings are wrong" in text
    assert "leanto:monthlyCapUsd: " in text
    assert "leanto:gpuAmiId: " in text
    assert "leanto:gpuEngineImage: " in text
    assert "leanto:gpuEngineArchiveSha256: " in text


def test_a_stack_by_a_name_that_aws_does_not_take_is_refused() -> None:
    assert "the stack's name" in refusal("Team_A")


def test_missing_bundles_end_the_program_with_the_command_that_makes_them(tmp_path: Path) -> None:
    with (
        mock.patch.object(program, "ROOT", tmp_path),
        mock.patch.object(program, "project_defaults", return_value=program.project_defaults(ROOT)),
    ):
        (tmp_path / "runtime").mkdir()
        (tmp_path / "uv.lock").write_bytes((ROOT / "uv.lock").read_bytes())
        assert "leanto bundle" in refusal(**PINS)


def test_more_zones_than_the_region_has_are_refused() -> None:
    with mock.patch.object(program, "load", return_value={}):
        text = refusal(**PINS, availabilityZoneCount="4")
    assert "leanto:availabilityZoneCount: 4" in text
    assert "at most 3" in text


LANGUAGE_HOST = """
import os, runpy, sys
folder, repository = sys.argv[1:]
os.chdir(folder)
sys.path = [folder, *(path for path in sys.path if path not in ("", repository))]
runpy.run_path(".", run_name="__main__")
"""
"""What Pulumi's language host does with the program's folder; the repository is taken off the path, if it is there."""


def test_the_folder_runs_as_a_script_and_reads_what_the_engine_hands_over(tmp_path: Path) -> None:
    """Plain `pulumi up` runs infra/ as a script: the repository is not on the path then, and infra/ comes first."""
    handed_over = {"leanto:tags": '{"owner": "a", "cost-centre": "b", "data-class": "c"}', "leanto:mode": "gpu"}
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PULUMI_CONFIG": json.dumps(handed_over)}
    command = [sys.executable, "-c", LANGUAGE_HOST, str(ROOT / "infra"), str(ROOT)]
    result = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert "pulumi.errors.RunError: 4 settings are wrong" in result.stderr, result.stderr[-2000:]
    assert "leanto:gpuAmiId" in result.stderr
    assert "leanto:routes[0]" in result.stderr


def test_regions_are_those_that_the_sdk_knows_in_the_partition() -> None:
    others = ("cn-", "us-gov-", "us-iso", "eu-iso", "eusc-")
    assert set(REGIONS) == {region.value for region in pulumi_aws.Region if not region.value.startswith(others)}


def test_python_versions_are_ones_that_lambda_runs() -> None:
    runtimes = {runtime.value for runtime in pulumi_aws.lambda_.Runtime}
    supported = {f"python{version}" for version in ("3.11", "3.12", "3.13")}
    assert supported <= runtimes
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == ">=3.11"
