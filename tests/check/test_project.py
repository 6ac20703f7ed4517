"""Claim: a program is synthesised with the configuration that the engine would hand it."""

import json
from pathlib import Path

import pytest

from leanto.check.project import PLACEHOLDER, ProjectError, stack_configuration, stack_files


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text(
        "name: demo\nruntime: python\nconfig:\n"
        "  size: {type: integer, default: 2, description: how many}\n"
        "  demo:on: {type: boolean, default: true}\n"
        "  demo:names: {type: array, items: {type: string}, default: [a, b]}\n"
        "  demo:needed: {type: string}\n"
        "  aws:region: {value: eu-central-1}\n"
        "  demo:plain: text\n"
    )
    (tmp_path / "Pulumi.dev.yaml").write_text(
        "config:\n  demo:size: 5\n  demo:key: {secure: v1:abc}\n  demo:map: {a: {b: 1}}\n  demo:yes: 'true'\n"
    )
    return tmp_path


def test_the_stack_wins_over_defaults_and_the_overlay_over_both(project: Path) -> None:
    read = stack_configuration(project, "dev", {"demo:plain": "other", "extra": 1})
    assert read.project == "demo"
    assert dict(read.values) == {
        "aws:region": "eu-central-1",
        "demo:extra": "1",
        "demo:key": PLACEHOLDER,
        "demo:map": '{"a": {"b": 1}}',
        "demo:names": '["a", "b"]',
        "demo:on": "true",
        "demo:plain": "other",
        "demo:size": "5",
        "demo:yes": "true",
    }


def test_an_encrypted_value_is_a_secret_and_its_text_goes_nowhere(project: Path) -> None:
    read = stack_configuration(project, "dev")
    assert read.secret_keys == {"demo:key"}
    assert "v1:abc" not in str(read)


def test_encrypted_parts_of_a_value_make_it_a_secret_and_the_rest_stays_readable(project: Path) -> None:
    text = "config:\n  demo:db: {host: here, users: [{name: a, password: {secure: v1:abc}}, {secure: v1:def}]}\n"
    (project / "Pulumi.dev.yaml").write_text(text)
    read = stack_configuration(project, "dev")
    assert read.secret_keys == {"demo:db"}
    users = [{"name": "a", "password": PLACEHOLDER}, PLACEHOLDER]
    assert json.loads(read.values["demo:db"]) == {"host": "here", "users": users}


def test_a_stack_file_may_lie_elsewhere_end_in_yml_be_empty_or_be_missing(project: Path) -> None:
    (project / "Pulumi.yaml").write_text("name: demo\nstackConfigDir: stacks\nconfig: {demo:size: 2}\n")
    (project / "stacks").mkdir()
    (project / "stacks" / "Pulumi.test.yml").write_text("config: {demo:size: 3}\nenvironment: [base, {extra: {}}]\n")
    (project / "stacks" / "Pulumi.empty.yaml").write_text("")
    assert dict(stack_files(project)).keys() == {"test", "empty"}
    read = stack_configuration(project, "acme/demo/test")
    assert (dict(read.values), read.environments) == ({"demo:size": "3"}, ("base", "extra"))
    for name, needs_file in (("empty", True), ("none", False)):
        assert dict(stack_configuration(project, name, needs_file=needs_file).values) == {"demo:size": "2"}
    with pytest.raises(ProjectError, match="stacks with a file here: empty, test"):
        stack_configuration(project, "none")


def test_an_unknown_stack_is_told_with_those_that_are_known(project: Path) -> None:
    with pytest.raises(ProjectError, match=r"there is no stack 'prod'.*: dev$"):
        stack_configuration(project, "prod")


@pytest.mark.parametrize(
    ("text", "message"),
    [("name: [", "is not YAML"), ("- a", "holds no settings"), ("runtime: python", "name is missing")],
)
def test_a_broken_project_file_is_named(project: Path, text: str, message: str) -> None:
    (project / "Pulumi.yaml").write_text(text)
    with pytest.raises(ProjectError, match=message) as caught:
        stack_configuration(project, "dev")
    assert "Pulumi.yaml" in str(caught.value)


def test_a_folder_without_a_project_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"there is no .*Pulumi\.yaml"):
        stack_configuration(tmp_path, "dev")
