"""Names fit into what AWS takes, and stacks do not get into each other's way."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.naming import STACK_MAXIMUM_CHARACTERS, Names, Place, check_stack_name, stack_tags
from infra.problems import SettingsError
from tests.infra.synthesised import synthesised

PLACE = Place("aws", "eu-central-1", "123456789012")
MADE_UP_CHARACTERS = 8
"""A hyphen and seven digits, which Pulumi adds to a logical name."""


@pytest.mark.parametrize("stack", ["managed", "a", "team-a-prod", "x1", "a" * STACK_MAXIMUM_CHARACTERS])
def test_a_stack_may_be_called(stack: str) -> None:
    check_stack_name(stack)


@pytest.mark.parametrize(
    "stack", ["", "Team", "1a", "-a", "a-", "a--b", "a_b", "a.b", "a/b", "ä", "a" * (STACK_MAXIMUM_CHARACTERS + 1)]
)
def test_a_stack_may_not_be_called(stack: str) -> None:
    with pytest.raises(SettingsError, match="the stack's name"):
        check_stack_name(stack)


LONGEST = {"aws:s3/bucket:Bucket": 63, "aws:iam/role:Role": 64, "aws:iam/rolePolicy:RolePolicy": 128}
FIXED = {"aws:lambda/function:Function": 64, "aws:dynamodb/table:Table": 255, "aws:autoscaling/group:Group": 255}


def test_every_name_fits_for_the_longest_name_of_a_stack() -> None:
    """What is measured for the preset grows by as much as the stack's name may be longer."""
    room = STACK_MAXIMUM_CHARACTERS - len("hybrid")
    for row in synthesised("hybrid").owned():
        if row.type in LONGEST:
            assert len(row.name) + room + MADE_UP_CHARACTERS <= LONGEST[row.type], row.name
        if row.type in FIXED:
            assert len(str(row.inputs["name"])) + room <= FIXED[row.type], row.name


def test_two_stacks_share_no_name() -> None:
    """Stacks of one account and region create nothing of the same name, fixed names included."""
    rows = [synthesised("managed").owned(), synthesised("hybrid").owned()]
    names = [{(row.type, str(row.inputs.get("name", row.name))) for row in stack} for stack in rows]
    shared = {kind for kind, name in names[0] & names[1]}
    assert shared == {"aws:apigateway/authorizer:Authorizer"}, "an authorizer's name is its API's own matter"


@given(st.from_regex(re.compile(r"[a-z]([a-z0-9]{0,8})"), fullmatch=True))
def test_arns_name_place_and_stack(stack: str) -> None:
    names = Names(stack, PLACE)
    arns = [names.table_arn, names.group_arn, names.function_arn("gateway"), names.log_group_arn("access")]
    assert all(arn.startswith("arn:aws:") and ":eu-central-1:123456789012:" in arn and stack in arn for arn in arns)


def test_the_group_is_tagged_as_the_stop_function_looks_for_it() -> None:
    assert stack_tags("team", "prod") == {"app": "leanto", "environment": "prod", "leanto:stack": "team"}
