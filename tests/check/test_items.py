"""Claim: the policies see the same of a stack whether it is synthesised or read from its state."""

import json
from pathlib import Path

import pulumi

from leanto.check.items import policy_stack
from leanto.check.programs import synthesise_program
from leanto.check.results import Synthesis
from leanto.check.state import read_state
from leanto.check.synthesis import synthesise
from policies.normalise import UNKNOWN
from policies.stack import Item
from tests.check.conftest import CONFIGURATION, TYPES, Part, Thing
from tests.check.test_state import PROVIDER, QUEUE, resources, write

PROGRAMS = Path(__file__).with_name("programs")


def program() -> None:
    props = {"region": "eu-west-1", "defaultTags": json.dumps({"tags": {"team": "shop"}})}
    provider = pulumi.ProviderResource("aws", "west", props)
    options = pulumi.ResourceOptions(provider=provider, protect=True, ignore_changes=["size"])
    thing = Thing("thing", size=1, secretNote=pulumi.Output.secret("hush"), opts=options)
    Part("part", of=thing.arn, code=pulumi.FileAsset("code.zip"), text=pulumi.Output.concat("a ", thing.name))
    Part("looked-up", opts=pulumi.ResourceOptions(id="part-1"))


def synthesised(preview: bool = False) -> Synthesis:
    return synthesise(program, project="demo", stack="dev", configuration=CONFIGURATION, types=TYPES, preview=preview)


def named(synthesis: Synthesis) -> dict[str, Item]:
    return {item.name: item for item in policy_stack(synthesis).items}


def test_an_item_has_all_that_rules_read() -> None:
    thing = named(synthesised())["thing"]
    assert (thing.given_type, thing.component) == ("aws:toy/thing:Thing", False)
    assert thing.props.text("colour") == "grey"
    assert thing.options.protect
    assert thing.options.ignore_changes == ("size",)
    assert thing.secret_inputs == ("secretNote",)
    assert thing.provider_inputs == {"region": "eu-west-1", "defaultTags": {"tags": {"team": "shop"}}}
    assert thing.source.startswith(__file__)
    assert "__defaults" not in thing.inputs


def test_links_lead_from_one_item_to_the_other() -> None:
    stack = policy_stack(synthesised())
    items = {item.name: item for item in stack.items}
    assert items["part"].property_dependencies["of"] == (items["thing"].urn,)
    assert stack.target(items["part"], "of", "aws:toy/thing:Thing") is items["thing"]


def test_unknown_values_stay_unknown_and_assets_become_plain() -> None:
    part = named(synthesised(preview=True))["part"]
    assert part.inputs["of"] is UNKNOWN
    assert part.inputs["code"] == {"path": "code.zip"}


def test_what_the_stack_only_looks_up_is_no_item() -> None:
    assert "looked-up" not in named(synthesised())


def test_a_component_of_another_package_does_not_pass_for_one_of_the_program() -> None:
    synthesis = synthesise_program(PROGRAMS / "component")
    stack = policy_stack(synthesis)
    assert {item.name: item.component for item in stack.items} == {
        "component-dev": True,
        "network": False,
        "mine": False,
    }
    assert any(note.startswith("awsx:ec2:Vpc 'network': ") for note in stack.notes)
    assert any(note.startswith("awsx:ec2:Vpc/describe: ") for note in stack.notes)


def test_the_default_provider_of_a_program_is_what_its_settings_say() -> None:
    stack = policy_stack(synthesise_program(PROGRAMS / "talking"), environment="prod")
    (function,) = (item for item in stack.items if item.name == "f")
    assert function.provider_inputs == {"region": "eu-central-1"}
    assert (stack.region, stack.environment) == ("eu-central-1", "prod")


def test_an_exported_resource_is_seen_as_a_synthesised_one(tmp_path: Path) -> None:
    stack = policy_stack(read_state(write(tmp_path, resources())))
    items = {item.urn: item for item in stack.items}
    queue = items[QUEUE]
    assert queue.inputs["policy"] is UNKNOWN
    assert queue.props.text("name") == "orders-1"
    assert queue.provider_inputs == {"region": "eu-west-1", "defaultTags": {"tags": {"team": "shop"}}}
    assert queue.source == "__main__.py:12"
    assert queue.options.protect
    assert "https://queue/orders" in queue.identifiers
    assert not items[PROVIDER].component
    assert {item.name for item in stack.items} == {"shop-dev", "west", "orders"}
