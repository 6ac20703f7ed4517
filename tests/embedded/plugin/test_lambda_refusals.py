"""Claim: what Lambda refuses and moto takes is refused by the plugin, and what the box does not emulate is said."""

from typing import Any

import pytest

from leanto.embedded.plugin import lifecycle
from leanto.embedded.plugin.errors import RefusedError
from leanto.embedded.plugin.registry import resource_of
from leanto.embedded.plugin.values import UNKNOWN
from tests.embedded.plugin.sample import World
from tests.embedded.plugin.samples_lambda import EVENTS, FUNCTION, PERMISSION, a_function, archive, role_for

SOUND = {
    "role": "arn:aws:iam::123456789012:role/r",
    "runtime": "python3.13",
    "handler": "a:b",
    "code": archive(a__py=""),
}


def problems(world: World, token: str, **inputs: Any) -> dict[str, str]:
    """Return what Check finds wrong, by input."""
    return dict(lifecycle.check(resource_of(token), world.configuration, "sample", {}, inputs, b"seed").failures)


def test_a_sound_function_passes(world: World) -> None:
    assert problems(world, FUNCTION, **SOUND, timeout=900, memorySize=10240, reservedConcurrentExecutions=0) == {}


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("timeout", 901, "is 901, Lambda takes 1 to 900 seconds"),
        ("timeout", 0, "is 0, Lambda takes 1 to 900 seconds"),
        ("memorySize", 127, "is 127, Lambda takes 128 to 10240 MiB"),
        ("memorySize", 10241, "is 10241, Lambda takes 128 to 10240 MiB"),
        ("ephemeralStorage", {"size": 511}, "is 511, Lambda takes 512 to 10240 MiB"),
        ("reservedConcurrentExecutions", -2, "is -2"),
        ("layers", ["a"] * 6, "are 6, Lambda takes at most 5"),
        ("name", "with space", "'with space'"),
        ("name", "x" * 65, "1 to 64"),
        ("handler", "x" * 129, "has 129 characters"),
        ("architectures", ["arm"], "'arm', Lambda takes arm64 or x86_64"),
        ("loggingConfig", {"logFormat": "XML"}, "'XML'"),
        ("tracingConfig", {"mode": "On"}, "'On'"),
        ("packageType", "Image", "Zip packages only"),
        ("environment", {"variables": {"AWS_REGION": "x"}}, "sets AWS_REGION, which Lambda reserves"),
        ("environment", {"variables": {"9LIVES": "x"}}, "sets 9LIVES"),
        ("environment", {"variables": {"LONG": "x" * 4096}}, "holds 4100 bytes of variables, Lambda takes 4096"),
        ("s3Bucket", "bucket", "either an archive or an S3 object"),
        ("snapStart", {"applyOn": "PublishedVersions"}, "does not emulate this input"),
    ],
)
def test_inputs_that_lambda_or_the_box_refuses(world: World, key: str, value: object, said: str) -> None:
    found = problems(world, FUNCTION, **{**SOUND, key: value})
    assert said in found.get(key, "") or said in found.get("code", "")


def test_what_is_not_known_yet_is_not_refused(world: World) -> None:
    unknown = {"timeout": UNKNOWN, "environment": {"variables": {"AWS_REGION": UNKNOWN}}, "role": UNKNOWN}
    assert problems(world, FUNCTION, **{**SOUND, **unknown}) == {}


@pytest.mark.parametrize("role", ["nobody", "not-for-lambda"])
def test_a_role_that_lambda_cannot_assume_is_refused(world: World, role: str) -> None:
    role_for(world, "ec2.amazonaws.com", "not-for-lambda")
    named = world.client("iam").list_roles()["Roles"]
    arn = next((one["Arn"] for one in named if "not-for-lambda" in one["RoleName"]), "")
    given = arn if role == "not-for-lambda" else f"arn:aws:iam::123456789012:role/{role}"
    with pytest.raises(RefusedError, match=r"InvalidParameterValueException.*role"):
        world.create(FUNCTION, {**SOUND, "role": given})


def test_no_code_is_refused(world: World) -> None:
    inputs = {"role": role_for(world), "runtime": "python3.13", "handler": "a:b"}
    with pytest.raises(RefusedError, match="no code"):
        world.create(FUNCTION, inputs)


def test_concurrency_that_leaves_the_account_too_little_is_refused_and_nothing_is_left(world: World) -> None:
    role = role_for(world)
    world.make(FUNCTION, "first", **{**SOUND, "role": role}, reservedConcurrentExecutions=800)
    with pytest.raises(RefusedError, match="is 101, but only 100 can be reserved"):
        world.create(FUNCTION, {**SOUND, "role": role, "reservedConcurrentExecutions": 101})
    names = [found["FunctionName"] for found in world.client("lambda").list_functions()["Functions"]]
    assert [name for name in names if name.startswith("sample")] == []
    world.make(FUNCTION, "second", **{**SOUND, "role": role}, reservedConcurrentExecutions=100)


def test_a_function_may_raise_its_own_reservation(world: World) -> None:
    role = role_for(world)
    inputs = world.check(FUNCTION, {**SOUND, "role": role, "reservedConcurrentExecutions": 800})
    resource = resource_of(FUNCTION)
    state = lifecycle.create(resource, world.backend, world.configuration, inputs)
    news = world.check(FUNCTION, {**SOUND, "role": role, "reservedConcurrentExecutions": 900}, olds=inputs)
    changed = lifecycle.update(resource, world.backend, world.configuration, state.resource_id, inputs, news)
    assert changed.outputs["reservedConcurrentExecutions"] == 900
    lifecycle.delete(resource, world.backend, world.configuration, state.resource_id, changed.outputs)


def test_a_second_statement_of_one_id_is_refused(world: World) -> None:
    function = a_function(world)
    inputs = {"action": "lambda:InvokeFunction", "function": function, "principal": "sns.amazonaws.com"}
    world.make(PERMISSION, **inputs, statementId="once")
    with pytest.raises(
        RefusedError, match=r"ResourceConflictException: The statement id \(once\) provided already exists"
    ):
        world.create(PERMISSION, {**inputs, "statementId": "once"})


def test_a_permission_by_arn_reads_back_as_an_arn(world: World) -> None:
    name = a_function(world)
    arn = world.client("lambda").get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    made = world.make(PERMISSION, action="lambda:InvokeFunction", function=arn, principal="sns.amazonaws.com")
    assert made["function"] == arn


@pytest.mark.parametrize(("key", "value"), [("maximumRetryAttempts", 3), ("maximumEventAgeInSeconds", 59)])
def test_event_settings_out_of_bounds_are_refused(world: World, key: str, value: int) -> None:
    assert f"is {value}" in problems(world, EVENTS, functionName="x", **{key: value})[key]


def test_a_function_that_is_to_stay_stays(world: World) -> None:
    made = world.create(FUNCTION, {**SOUND, "role": role_for(world), "skipDestroy": True, "name": "stays"})
    lifecycle.delete(resource_of(FUNCTION), world.backend, world.configuration, made.resource_id, made.outputs)
    assert world.client("lambda").get_function(FunctionName="stays")
    world.client("lambda").delete_function(FunctionName="stays")


def test_new_code_makes_its_hash_unknown_in_a_preview(world: World) -> None:
    resource = resource_of(FUNCTION)
    state = world.create(FUNCTION, {**SOUND, "role": role_for(world)})
    news = {**state.inputs, "code": archive(a__py="other")}
    planned = lifecycle.preview_update(resource, state.inputs, news, state.outputs)
    assert planned["codeSha256"] is UNKNOWN
    assert planned["arn"] == state.outputs["arn"]
    lifecycle.delete(resource, world.backend, world.configuration, state.resource_id, state.outputs)
