"""Claim: synthesis sees what the engine would see, and no run leaves anything behind for the next."""

import asyncio
import gc
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest

from leanto.check.results import Options, Source, Synthesis, SynthesisError
from leanto.check.synthesis import synthesise
from leanto.embedded.plugin.values import UNKNOWN
from tests.check.conftest import CONFIGURATION, TYPES, Box, Part, Thing


def run(program: Callable[[], Any], **options: Any) -> Synthesis:
    settings = {"configuration": CONFIGURATION, "types": TYPES, **options}
    return synthesise(program, project="demo", stack="dev", **settings)


def by_name(synthesis: Synthesis) -> dict[str, Any]:
    return {resource.name: resource for resource in synthesis.resources}


def test_inputs_are_those_after_check_named_defaulted_and_tagged() -> None:
    thing = by_name(run(lambda: Thing("a", size=3, tags={"x": "y"})))["a"]
    inputs = {key: value for key, value in thing.inputs.items() if not key.startswith("__")}
    name = inputs.pop("name")
    assert name.startswith("a-")
    assert len(name) == len("a-0123456")
    assert inputs == {
        "size": 3,
        "colour": "grey",
        "region": "eu-central-1",
        "tags": {"x": "y"},
        "tagsAll": {"owner": "team", "x": "y"},
    }


def test_urns_carry_the_types_of_all_parents_but_the_stack() -> None:
    def program() -> None:
        outer = Box("outer")
        Box("inner", pulumi.ResourceOptions(parent=outer))

    start = "urn:pulumi:dev::demo::"
    assert {row.urn for row in run(program).resources} == {
        f"{start}pulumi:pulumi:Stack::demo-dev",
        f"{start}demo:parts:Box::outer",
        f"{start}demo:parts:Box$aws:toy/thing:Thing::outer-thing",
        f"{start}demo:parts:Box$demo:parts:Box::inner",
        f"{start}demo:parts:Box$demo:parts:Box$aws:toy/thing:Thing::inner-thing",
    }


def test_dependencies_are_kept_by_property_and_as_a_whole_and_come_first_in_order() -> None:
    def program() -> None:
        zulu = Thing("zulu", size=1)
        other = Part("other")
        Part("alpha", of=zulu.arn, opts=pulumi.ResourceOptions(depends_on=[other]))

    synthesis = run(program)
    rows = by_name(synthesis)
    assert rows["alpha"].dependencies == tuple(sorted((rows["zulu"].urn, rows["other"].urn)))
    assert dict(rows["alpha"].property_dependencies) == {"of": (rows["zulu"].urn,)}
    order = [row.name for row in synthesis.resources]
    assert order == ["demo-dev", "other", "zulu", "alpha"]


def test_computed_outputs_are_made_up_the_same_each_time_and_flow_into_other_resources() -> None:
    def program() -> None:
        thing = Thing("a", size=1)
        Part("p", text=pulumi.Output.concat("at ", thing.arn))

    first, second = by_name(run(program)), by_name(run(program))
    assert first == second
    assert first["a"].outputs["arn"].startswith("arn:aws:toy:eu-central-1:123456789012:thing/a-")
    assert first["p"].inputs["text"] == f"at {first['a'].outputs['arn']}"
    assert first["a"].outputs["latestVersion"] == 1


def test_a_preview_knows_inputs_but_neither_ids_nor_what_aws_makes_up() -> None:
    applied: list[str] = []

    def program() -> None:
        thing = Thing("a", size=1)
        thing.arn.apply(applied.append)
        Part("p", text=pulumi.Output.concat("at ", thing.arn), known=thing.name)
        pulumi.export("arn", thing.arn)

    synthesis = run(program, preview=True)
    rows = by_name(synthesis)
    assert rows["a"].id is None
    assert rows["a"].outputs["arn"] is UNKNOWN
    assert rows["p"].inputs["text"] is UNKNOWN
    assert rows["p"].inputs["known"] == rows["a"].inputs["name"]
    assert dict(synthesis.outputs) == {"arn": UNKNOWN}
    assert applied == []


def test_an_explicit_provider_sets_region_and_tags_of_its_resources() -> None:
    def program() -> None:
        props = {"region": "us-east-1", "defaultTags": json.dumps({"tags": {"owner": "other"}})}
        provider = pulumi.ProviderResource("aws", "elsewhere", props)
        Thing("there", size=1, opts=pulumi.ResourceOptions(provider=provider))
        Thing("here", size=1)

    for preview in (False, True):
        rows = by_name(run(program, preview=preview))
        assert (rows["there"].inputs["region"], rows["there"].inputs["tagsAll"]) == ("us-east-1", {"owner": "other"})
        assert (rows["here"].inputs["region"], rows["here"].inputs["tagsAll"]) == ("eu-central-1", {"owner": "team"})


def test_only_cloud_resources_of_its_own_belong_to_a_stack() -> None:
    def program() -> None:
        pulumi.ProviderResource("aws", "elsewhere", {"region": "us-east-1"})
        Box("box")
        Part("looked-up", opts=pulumi.ResourceOptions(id="part-1"))

    synthesis = run(program)
    assert [row.name for row in synthesis.owned()] == ["box-thing"]
    assert by_name(synthesis)["looked-up"].read
    assert by_name(synthesis)["looked-up"].id == "part-1"


def test_options_and_the_line_that_made_a_resource_are_kept() -> None:
    def program() -> None:
        options = pulumi.ResourceOptions(protect=True, retain_on_delete=True, ignore_changes=["size"])
        Thing("a", size=1, opts=options)

    row = by_name(run(program))["a"]
    assert row.options == Options(protect=True, retain_on_delete=True, ignore_changes=("size",))
    line = Path(__file__).read_text().splitlines().index('        Thing("a", size=1, opts=options)') + 1
    assert row.source == Source(str(Path(__file__)), line)


def test_secrets_are_named_and_stay_secret_where_they_flow() -> None:
    def program() -> None:
        thing = Thing("a", size=1, secretNote=pulumi.Output.secret("hush"))
        Part("p", text={"inner": [thing.secretNote]})
        Part("q", text=thing.name)

    rows = by_name(run(program))
    assert {name: rows[name].secret_inputs for name in "apq"} == {"a": ("secretNote",), "p": ("text",), "q": ()}
    assert rows["p"].inputs["text"] == {"inner": ["hush"]}


def test_configuration_reaches_the_program_and_secret_keys_stay_secret() -> None:
    def program() -> None:
        config = pulumi.Config("demo")
        Thing("a", size=config.require_int("size"), secretNote=config.require_secret("note"))

    configuration = {**CONFIGURATION, "demo:note": "hush"}
    row = by_name(run(program, configuration=configuration, secret_keys=frozenset({"demo:note"})))["a"]
    assert (row.inputs["size"], row.secret_inputs) == (2, ("secretNote",))


def test_stack_outputs_come_from_functions_and_coroutines_alike() -> None:
    def plain() -> None:
        pulumi.export("url", Thing("a", size=1).url)

    async def later() -> None:
        await asyncio.sleep(0)
        plain()

    assert run(plain).outputs == run(later).outputs
    assert run(plain).outputs["url"].startswith("url-of-a-")


def test_what_the_program_logs_is_kept_but_for_debugging() -> None:
    def program() -> None:
        pulumi.log.warn("careful")
        pulumi.log.debug("noise")

    assert [(message.severity, message.text) for message in run(program).messages] == [("warning", "careful")]


def test_functions_answer_as_a_new_account_in_the_region_would() -> None:
    def program() -> None:
        zones = pulumi.runtime.invoke("aws:index/getAvailabilityZones:getAvailabilityZones", {"state": "available"})
        identity = pulumi.runtime.invoke("aws:index/getCallerIdentity:getCallerIdentity", {})
        pulumi.export("zones", zones.value["names"])
        pulumi.export("account", identity.value["accountId"])

    assert dict(run(program).outputs) == {
        "zones": ["eu-central-1a", "eu-central-1b", "eu-central-1c"],
        "account": "123456789012",
    }


def test_all_refused_inputs_are_told_at_once_each_with_its_line() -> None:
    def program() -> None:
        Thing("big", size=10)
        Thing("none")
        Part("fine")

    with pytest.raises(SynthesisError) as caught:
        run(program)
    assert [(failure.name, failure.property) for failure in caught.value.failures] == [
        ("big", "size"),
        ("none", "size"),
    ]
    assert f"aws:toy/thing:Thing 'big': size: must be at most 9 ({__file__}:" in str(caught.value)


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (lambda: [Part("twice"), Part("twice")], "two resources have the URN"),
        (
            lambda: pulumi.CustomResource("aws:toy/other:Other", "o"),
            "Other 'o': type: synthesis does not know this type",
        ),
        (lambda: pulumi.runtime.invoke("aws:ec2/getAmi:getAmi", {}), "which synthesis cannot answer"),
        (lambda: pulumi.StackReference("org/other/prod"), "synthesis sees one stack only"),
        (lambda: Part("p", opts=pulumi.ResourceOptions(transforms=[lambda args: None])), "resource transforms"),
        (lambda: pulumi.runtime.register_resource_transform(lambda args: None), "stack transform"),
    ],
)
def test_what_synthesis_cannot_follow_is_an_error_that_says_so(program: Callable[[], Any], message: str) -> None:
    with pytest.raises(SynthesisError, match=message):
        run(lambda: program() and None)


def test_a_provider_without_a_region_is_told_how_to_get_one() -> None:
    with pytest.raises(ValueError, match="set aws:region"):
        run(lambda: Thing("a", size=1) and None, configuration={})


class ProgramError(Exception):
    """What a broken program raises."""


def broken() -> None:
    Thing("a", size=1)
    raise ProgramError("in the program")


def broken_apply() -> None:
    def fail(arn: str) -> None:
        raise ProgramError("in an apply")

    Part("p", text=Thing("a", size=1).arn.apply(fail))


@pytest.mark.parametrize("program", [broken, broken_apply])
def test_what_the_program_raises_comes_through_and_nothing_is_printed(
    program: Callable[[], None], capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ProgramError):
        run(program)
    gc.collect()  # an exception that nobody fetched is reported when its future goes
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


def test_failing_runs_and_official_mocks_do_not_disturb_each_other() -> None:
    class Mocks(pulumi.runtime.Mocks):
        def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
            return f"{args.name}-id", dict(args.inputs)

        def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
            return {}, None

    def good() -> None:
        Thing("a", size=1)

    expected = run(good).resources
    for _ in range(3):
        with pytest.raises(ProgramError):
            run(broken)
        with pytest.raises(SynthesisError):
            run(lambda: Thing("big", size=10) and None)
        assert run(good).resources == expected
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        pulumi.runtime.set_mocks(Mocks(), preview=False)
        assert run(good).resources == expected
        assert asyncio.get_event_loop() is loop

        @pulumi.runtime.test
        def official() -> pulumi.Output[None]:
            return Thing("m", size=1).name.apply(lambda name: None)

        official()
        assert run(good).resources == expected
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def test_runs_on_several_threads_do_not_mix() -> None:
    found: dict[int, set[str]] = {}

    def work(number: int) -> None:
        def program() -> None:
            for index in range(5):
                Thing(f"t{number}-{index}", size=number)

        rows = synthesise(program, project=f"p{number}", stack="dev", configuration=CONFIGURATION, types=TYPES).owned()
        found[number] = {f"{row.urn.split('::')[1]} {row.name} {row.inputs['size']}" for row in rows}

    threads = [threading.Thread(target=work, args=(number,)) for number in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {n: {f"p{n} t{n}-{index} {n}" for index in range(5)} for n in (1, 2, 3)}


def test_many_concurrent_registrations_are_all_kept() -> None:
    def program() -> None:
        for index in range(200):
            Thing(f"t{index}", size=1)

    assert len(run(program).owned()) == 200
