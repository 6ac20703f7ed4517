"""Claim: the recipes are what their readers take, and call commands that exist."""

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from click.testing import CliRunner

from leanto.cli import recipe
from leanto.cli.main import cli

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = files("check_jsonschema") / "builtin_schemas" / "vendor"


def rendered(name: str, *stacks: str) -> str:
    arguments = [name, *(text for stack in stacks for text in ("--stack", stack))]
    result = CliRunner().invoke(recipe.command, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def document(text: str) -> Any:
    return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - texts only; keeps `on` what it is


@pytest.fixture(autouse=True)
def in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize(
    ("name", "schema"), [("github", "github-workflows.json"), ("gitlab", "gitlab-ci.json")], ids=["github", "gitlab"]
)
def test_a_pipeline_holds_to_the_schema_of_its_host(name: str, schema: str) -> None:
    wanted = json.loads((SCHEMAS / schema).read_text(encoding="utf-8"))
    text = rendered(name, "managed", "hybrid")
    parsed = yaml.safe_load(text.replace("\non:", '\n"on":'))
    jsonschema.Draft7Validator(wanted).validate(parsed)
    broken = {**parsed, "jobs" if name == "github" else "stages": 5}
    assert not jsonschema.Draft7Validator(wanted).is_valid(broken)


@pytest.mark.parametrize("name", list(recipe.RECIPES))
def test_every_stack_is_checked(name: str) -> None:
    text = rendered(name, "managed", "hybrid")
    for stack in ("managed", "hybrid"):
        assert stack in text


def test_github_checks_without_credentials_and_deploys_only_what_is_merged() -> None:
    jobs = document(rendered("github", "hybrid"))["jobs"]
    assert "id-token" not in jobs["check"]["permissions"]
    assert not [step for step in jobs["check"]["steps"] if "credentials@" in step.get("uses", "")]
    assert jobs["deploy"]["if"] == "github.event_name == 'push'"
    assert jobs["deploy"]["needs"] == "check"


def test_github_runs_no_text_of_a_contributor_as_a_script() -> None:
    """What a pull request names reaches a script through the environment only."""
    jobs = document(rendered("github", "hybrid"))["jobs"]
    scripts = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert scripts
    assert not [script for script in scripts if "${{" in script]


def test_gitlab_shows_reports_also_of_a_failed_check() -> None:
    job = document(rendered("gitlab", "hybrid"))["check hybrid"]
    assert job["artifacts"]["when"] == "always"
    assert job["artifacts"]["reports"].keys() == {"junit", "codequality"}


@pytest.mark.parametrize("name", list(recipe.RECIPES))
def test_the_commands_and_options_of_a_recipe_exist(name: str) -> None:
    text = rendered(name, "hybrid").replace("\\\n", " ")
    calls = re.findall(r"\.venv/bin/leanto ([a-z-]+)([^\n)]*)", text)
    assert calls
    for command, rest in calls:
        known = cli.get_command(None, command)  # type: ignore[arg-type]
        assert known is not None, command
        options = {name for parameter in known.params for name in parameter.opts}
        assert set(re.findall(r"(?<![\w\"])--[a-z][a-z-]+", rest)) <= options, command


@pytest.mark.parametrize("name", list(recipe.RECIPES))
def test_the_make_targets_of_a_recipe_exist(name: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for line in re.findall(r"make ([a-z ]+)", rendered(name, "hybrid")):
        assert set(line.split()) <= targets


def test_an_unknown_stack_is_refused_with_those_there_are() -> None:
    result = CliRunner().invoke(recipe.command, ["github", "--stack", "nope"])
    assert "there is no stack 'nope'" in str(result.exception)
    assert "hybrid" in str(result.exception)


def test_a_file_that_is_there_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("Pulumi.yaml", "Pulumi.hybrid.yaml"):
        (tmp_path / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(recipe, "find_root", lambda: tmp_path)
    written = CliRunner().invoke(recipe.command, ["pre-commit", "--stack", "hybrid", "--write"], catch_exceptions=False)
    path = tmp_path / ".pre-commit-config.yaml"
    assert written.stdout.strip() == str(path)
    before = path.read_text(encoding="utf-8")
    again = CliRunner().invoke(recipe.command, ["pre-commit", "--stack", "hybrid", "--write"])
    assert again.exit_code != 0
    assert path.read_text(encoding="utf-8") == before


def test_the_pre_commit_hook_runs_for_the_files_that_make_a_stack() -> None:
    hook = document(rendered("pre-commit", "hybrid"))["repos"][0]["hooks"][0]
    pattern = re.compile(hook["files"])
    for changed in ("infra/program.py", "Pulumi.hybrid.yaml", "policies/pack.py", "exemptions.yaml", "Pulumi.yaml"):
        assert pattern.match(changed), changed
    assert not pattern.match("README.md")
    assert hook["pass_filenames"] == "false"
