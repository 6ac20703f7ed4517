"""Claim: any Pulumi program in Python is synthesised in its own process; what only the cloud knows stays unknown."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from leanto.check.items import policy_stack
from leanto.check.programs import synthesise_program
from leanto.check.project import ProjectError
from leanto.check.results import STACK, Source, Synthesis, SynthesisError
from leanto.embedded.plugin.values import UNKNOWN, has_unknown
from policies.reading import Unread

PROGRAMS = Path(__file__).with_name("programs")


@cache
def synthesis(name: str) -> Synthesis:
    return synthesise_program(PROGRAMS / name)


def row(name: str, resource: str, kind: str = "") -> Any:
    (found,) = (r for r in synthesis(name).resources if r.name == resource and kind in r.type and r.type != STACK)
    return found


def unknown_inputs(name: str, resource: str, kind: str = "") -> set[str]:
    return {key for key, value in row(name, resource, kind).inputs.items() if has_unknown(value)} - {"region"}


def subjects(name: str) -> set[str]:
    return {assumption.subject for assumption in synthesis(name).assumptions}


def test_types_that_nothing_here_knows_are_taken_with_their_inputs_and_made_up_names_and_arns() -> None:
    queue = row("shop", "orders")
    assert queue.type == "aws:sqs/queue:Queue"
    assert queue.inputs["tags"] == {"team": "shop"}
    assert queue.outputs["arn"] == f"arn:aws:sqs:us-east-1:123456789012:{queue.outputs['name']}"
    assert synthesis("shop").outputs["queue"] == queue.outputs["arn"]


def test_each_resource_tells_the_line_of_the_program_that_made_it_relative_to_the_project() -> None:
    text = (PROGRAMS / "shop" / "__main__.py").read_text().splitlines()
    line = next(number for number, row in enumerate(text, 1) if row.startswith('orders = aws.sqs.Queue("orders"'))
    assert row("shop", "orders").source == Source("__main__.py", line)


def test_what_only_the_cloud_can_answer_is_unknown_wherever_it_arrives_even_inside_a_text_or_an_address_range() -> None:
    assert unknown_inputs("shop", "till", "instance") == {"ami", "subnetId", "userData"}
    assert unknown_inputs("shop", "till", "securityGroup") == {"ingress"}
    assert unknown_inputs("shop", "reading") == {"policy"}
    assert synthesis("shop").outputs["picture"] is UNKNOWN
    functions = {f"aws:ec2/{name}:{name}" for name in ("getAmi", "getVpc", "getSubnets")}
    assert functions <= subjects("shop")


def test_numbers_maps_and_objects_of_such_an_answer_are_unknown_as_well_and_a_flag_is_none_to_a_rule() -> None:
    assert unknown_inputs("shop", "shelf") == {"size", "tags", "tagsAll"}
    encrypted = {item.name: item for item in policy_stack(synthesis("shop")).items}["shelf"].props
    with pytest.raises(Unread):
        encrypted.flag("encrypted")
    assert unknown_inputs("shop", "till", "launchTemplate") == {"blockDeviceMappings"}


def test_a_policy_document_is_written_from_its_statements_and_known() -> None:
    statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": row("shop", "orders").outputs["arn"]}
    assert json.loads(row("shop", "sending").inputs["policy"]) == {"Version": "2012-10-17", "Statement": [statement]}
    assert "aws:iam/getPolicyDocument:getPolicyDocument" not in subjects("shop")


def test_a_region_that_nothing_names_is_unknown_and_an_explicit_provider_sets_its_own_with_default_tags() -> None:
    assert row("shop", "orders").inputs["region"] is UNKNOWN
    assert "aws:region" in subjects("shop")
    for name in ("returns", "pictures"):
        assert row("shop", name).inputs["region"] == "eu-west-1"
        assert row("shop", name).inputs["tagsAll"] == {"team": "europe"}
    assert row("shop", "returns").options.protect


def test_outputs_of_another_stack_and_of_resources_that_are_looked_up_are_unknown() -> None:
    assert unknown_inputs("references", "mine") == {"kmsMasterKeyId", "policy"}
    assert row("references", "mine").inputs["name"] == "https://queue/theirs-2", "the id of what is looked up is known"
    assert synthesis("references").outputs["subnet"] is UNKNOWN
    assert {"stack acme/network/prod", row("references", "theirs").urn} <= subjects("references")
    assert [r.name for r in synthesis("references").owned()] == ["mine"]


def test_transforms_run_those_of_the_resource_first_then_those_of_its_parents_then_those_of_the_stack() -> None:
    assert row("transforms", "alone").inputs["policy"] == "stack "
    inside = row("transforms", "inside")
    assert (inside.inputs["policy"], inside.inputs["delaySeconds"]) == ("own parent stack ", 7)
    assert inside.options.protect


def test_a_transform_neither_loses_nor_reveals_what_is_unknown_or_secret() -> None:
    inside = row("transforms", "inside")
    assert inside.inputs["kmsMasterKeyId"] is UNKNOWN
    assert inside.secret_inputs == ("name",)


def test_what_is_not_of_aws_is_kept_for_rules_to_see_and_its_outputs_are_unknown() -> None:
    types = {r.name: r.type for r in synthesis("elsewhere").owned()}
    assert types["greeting"] == "pulumi-python:dynamic:Resource"
    assert types["password"] == "random:index/randomPassword:RandomPassword"
    assert dict(row("elsewhere", "greeting").inputs) == {"who": "world"}, "the provider's program is no input"
    assert unknown_inputs("elsewhere", "told") == {"value", "description"}
    assert row("elsewhere", "told").secret_inputs == ("value",)
    assert row("elsewhere", "told").options.ignore_changes == ("value",)


def test_a_component_of_another_package_is_told_to_be_incomplete_and_all_it_gives_is_unknown() -> None:
    (reason,) = row("component", "network").incomplete
    assert "are not seen here" in reason
    assert unknown_inputs("component", "mine") == {"vpcId", "tags", "tagsAll"}


def test_what_is_encrypted_is_a_secret_of_unknown_value_and_what_the_program_prints_stays_away(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHOP_API_KEY", "sk-canary")
    monkeypatch.setenv("SHOP_MODE", "quick")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "aws-canary")
    found = synthesise_program(PROGRAMS / "talking")
    assert capfd.readouterr() == ("", "")
    assert "canary" not in repr(found)
    assert "ciphertext" not in repr(found)
    (function,) = found.owned()
    assert function.secret_inputs == ("environment",)
    assert function.inputs["environment"]["variables"] == {
        "TOKEN": UNKNOWN,
        "PASSWORD": UNKNOWN,
        "HOST": "db.internal",
        "KEY": UNKNOWN,
        "AWS": "none",
        "MODE": "quick",
    }
    assert function.inputs["name"] == str(PROGRAMS / "talking" / "program")
    assert function.inputs["region"] == "eu-central-1"
    assert [message.text for message in found.messages] == ["careful"]


FAILURES = {
    "raise": ["ways.py:5: KeyError: 'size'", "The end of what it printed:\nabout to fail"],
    "apply": ["ways.py:5: ValueError: invalid literal for int() with base 10: 'q'"],
    "module": ["ModuleNotFoundError: No module named 'a_package_that_is_nowhere'", "runtime: options: virtualenv:"],
    "network": ["__main__.py:28: NetworkRefusedError: the program wants to reach example.com"],
    "exit": ["__main__.py:33: ", "ended with exit code enough"],
    "die": ["its process ended with exit code 3 before the program did"],
    "twice": ["__main__.py:37: two resources have the URN urn:pulumi:dev::failing::aws:sqs/queue:Queue::q"],
    "told": ["__main__.py:39: set the size"],
    "transform": ["aws:sqs/queue:Queue 't': a transform of the program fails: 'size' (ways.py:5)"],
}


@pytest.mark.parametrize(("how", "texts"), FAILURES.items(), ids=FAILURES)
def test_a_failing_program_is_told_by_its_own_line_and_never_by_a_traceback(how: str, texts: list[str]) -> None:
    with pytest.raises(SynthesisError) as caught:
        synthesise_program(PROGRAMS / "failing", overlay={"how": how})
    message = str(caught.value)
    assert [text for text in texts if text not in message] == []
    assert "Traceback" not in message
    assert "site-packages" not in message


def test_a_program_that_goes_on_without_the_network_is_told_to_have_wanted_it() -> None:
    found = synthesise_program(PROGRAMS / "failing", overlay={"how": "network-or-not"})
    assert "network example.com" in {assumption.subject for assumption in found.assumptions}


def test_a_missing_setting_is_named_with_the_file_it_belongs_in() -> None:
    with pytest.raises(SynthesisError, match=r"needs the setting 'failing:how'.*Pulumi\.dev\.yaml.*pulumi config set"):
        synthesise_program(PROGRAMS / "failing")


def test_a_program_that_does_not_end_is_ended_and_told_where_it_stood() -> None:
    line = (PROGRAMS / "failing" / "__main__.py").read_text().splitlines().index("    time.sleep(60)") + 1
    with pytest.raises(SynthesisError, match=rf"within 2 s\. It is at __main__\.py:{line}\."):
        synthesise_program(PROGRAMS / "failing", overlay={"how": "hang"}, timeout_seconds=2)


def write(folder: Path, project: str, program: str | None = "") -> Path:
    (folder / "Pulumi.yaml").write_text(f"name: p\n{project}")
    if program is not None:
        (folder / "__main__.py").write_text(program)
    return folder


@pytest.mark.parametrize(
    ("project", "program", "message"),
    [
        ("runtime: nodejs\n", "", "runtime is 'nodejs'; programs in python can be checked"),
        ("description: none\n", "", "runtime is missing"),
        ("runtime: python\n", None, r"main is '\.', and there is no .*__main__\.py"),
        ("runtime: python\nmain: infra\n", "", "main is 'infra', and there is no"),
        ("runtime: {name: python, options: {virtualenv: venv}}\n", "", "virtualenv is 'venv', and there is no Python"),
        ("runtime: python\nconfig: [a]\n", "", "config is no mapping"),
    ],
)
def test_a_project_that_cannot_be_run_is_told_by_its_file(
    tmp_path: Path, project: str, program: str | None, message: str
) -> None:
    with pytest.raises(ProjectError, match=message) as caught:
        synthesise_program(write(tmp_path, project, program))
    assert "Pulumi.yaml" in str(caught.value)


def test_a_folder_without_a_project_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"there is no .*Pulumi\.yaml"):
        synthesise_program(tmp_path)
    with pytest.raises(ProjectError, match="there is no folder"):
        synthesise_program(tmp_path / "nowhere")


def test_the_interpreter_is_the_one_that_the_project_names(tmp_path: Path) -> None:
    python = tmp_path / "env" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\necho I am the other Python >&2\nexit 7\n")
    python.chmod(0o755)
    write(tmp_path, "runtime: {name: python, options: {virtualenv: env}}\n")
    with pytest.raises(SynthesisError, match=r"exit code 7 before(.|\n)*I am the other Python"):
        synthesise_program(tmp_path)


def test_of_several_stacks_one_must_be_named(tmp_path: Path) -> None:
    write(tmp_path, "runtime: python\n")
    for name in ("dev", "prod"):
        (tmp_path / f"Pulumi.{name}.yaml").write_text("")
    with pytest.raises(ProjectError, match="has several stacks: dev, prod; name one with --stack"):
        synthesise_program(tmp_path)
    with pytest.raises(ProjectError, match=r"there is no stack 'test'.*: dev, prod"):
        synthesise_program(tmp_path, "test")
    assert (
        synthesise_program(tmp_path, "acme/p/prod").resources[0].urn
        == "urn:pulumi:prod::p::pulumi:pulumi:Stack::p-prod"
    )
