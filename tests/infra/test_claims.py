"""The security and cost properties of every stack, one by one, and proof that each of them is held by something."""

import pytest

from tests.infra.claims.all import CLAIMS
from tests.infra.claims.stack import Claim, Stack
from tests.infra.mutate import Mutation
from tests.infra.mutations import MUTATIONS
from tests.infra.synthesised import stack_of, synthesised


def claim_id(claim: Claim) -> str:
    return claim.__name__


@pytest.mark.parametrize("claim", CLAIMS, ids=claim_id)
def test_the_claim_holds_for_every_preset_and_environment(claim: Claim, preset_stack: Stack) -> None:
    assert list(claim(preset_stack)) == [], claim.__doc__


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: f"{m.claim.__name__}: {m.what}")
def test_the_claim_breaks_when_what_it_guards_is_spoilt(mutation: Mutation) -> None:
    stack = stack_of(synthesised("hybrid", mutation.environment), mutation.environment)
    assert list(mutation.claim(stack)) == []
    mutation.change(stack)
    assert list(mutation.claim(stack)) != []


def test_each_claim_has_a_mutation() -> None:
    assert {claim_id(claim) for claim in CLAIMS} == {claim_id(mutation.claim) for mutation in MUTATIONS}
