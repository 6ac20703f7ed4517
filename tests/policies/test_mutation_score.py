"""Rules notice every single change that makes our own stacks worse in the way that they forbid."""

from collections.abc import Iterator, Mapping

import pytest

from policies.pack import BY_ID, RULES
from policies.runner import Verdict
from policies.stack import Item
from tests.policies.mutations import BY_PROFILE, Mutant, mutants, own_stacks, row_label, score
from tests.policies.own import Own
from tests.policies.recording import decisive

LEAST_SCORE = 0.98
API, METHOD = "aws:apigateway/restApi:RestApi", "aws:apigateway/method:Method"
BUCKET = "aws:s3/bucket:Bucket"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
FUNCTION = "aws:lambda/function:Function"
GROUP = "aws:autoscaling/group:Group"
KEY = "aws:kms/key:Key"
SUBNET = "aws:ec2/subnet:Subnet"
OUT = ("fromPort", "toPort", "ipProtocol", "prefixListId")
PART = "a rule for a part of the pool's bucket counts for all of it"
SURVIVORS: Mapping[str, str] = {
    "api-route-auth: an authorizer that is none: front-get-method": "AWS refuses a method of this kind",
    "api-route-auth: an authorizer that is none: front-post-method": "AWS refuses a method of this kind",
    "s3-versioned-lifecycle: for ever: only uploads end: storage-pool-lifecycle": PART,
    "s3-versioned-lifecycle: for ever: rules off: storage-pool-lifecycle": PART,
}
"""Changes that the rule meant for them does not notice: rule, what is done, resource; and why that is so."""
HARMLESS: Mapping[tuple[str, str, str], str] = {
    ("api-route-auth", METHOD, "apiKeyRequired"): "our methods ask for a key of the authorizer's, whatever it says",
    ("api-route-auth", METHOD, "httpMethod"): "only methods that answer OPTIONS may be open",
    ("asg-elb-health", GROUP, "healthCheckGracePeriod"): "any period will do until a team sets one",
    ("kms-rotation", KEY, "customerMasterKeySpec"): "keys of other kinds cannot rotate",
    ("kms-rotation", KEY, "keyUsage"): "keys of other uses cannot rotate",
    ("lambda-env-cmk", FUNCTION, "environment"): "no variables need no key",
    ("lambda-env-cmk", FUNCTION, "environment.variables"): "no variables need no key",
    ("lambda-runtime-supported", FUNCTION, "packageType"): "images bring their own runtime",
    ("private-egress-endpoints", SUBNET, "mapPublicIpOnLaunch"): "a public subnet needs no endpoint",
    ("private-egress-endpoints", FUNCTION, "vpcConfig"): "a function outside of the network needs no endpoint in it",
    ("private-egress-endpoints", FUNCTION, "vpcConfig.subnetIds"): "a function elsewhere needs no endpoint here",
    ("prompt-logging-off", FUNCTION, "loggingConfig"): "it says where a function logs, not what",
    ("s3-deny-insecure-transport", BUCKET, "bucket"): "it is the bucket's own name",
    ("s3-encrypted-kms", BUCKET, "bucket"): "it is the bucket's own name",
    **{("sg-no-open-ingress", EGRESS, key): "the rule lets out and not in" for key in OUT},
    ("spot-ratio", GROUP, "mixedInstancesPolicy.instancesDistribution.onDemandBaseCapacity"): "a provider answers too",
    ("token-quota-set", FUNCTION, "environment"): "the limit stands in the gateway's document",
    ("waf-attached", METHOD, "httpMethod"): "only methods that answer OPTIONS may be open",
    ("waf-attached", METHOD, "restApi"): "a method of another API is not reached through our stage",
    ("waf-attached", API, "endpointConfiguration"): "a private API is reached by fewer",
    ("waf-attached", API, "endpointConfiguration.types"): "a private API is reached by fewer",
}
"""Inputs that a rule guards or reads of a resource of ours and of which no change is worse, with the reason."""


def place(mutant: Mutant) -> str:
    """Return the rule of a mutant, what was done, and the resource's name without that of its stack."""
    name = mutant.changed.item.name if mutant.changed.item else mutant.changed.label
    return f"{row_label(mutant)}: {name.removeprefix(f'leanto-{mutant.own.preset}-')}"


def by_row() -> dict[str, list[Mutant]]:
    """Return the mutants by rule and what is done."""
    found: dict[str, list[Mutant]] = {}
    for mutant in mutants():
        found.setdefault(row_label(mutant), []).append(mutant)
    return found


def test_changes_are_caught_by_the_rule_meant_for_them() -> None:
    """At least 98 % are caught, of all and in the mean of the rules; those that are not are known by name."""
    assert {place(mutant) for mutant in mutants() if not mutant.caught} == set(SURVIVORS)
    assert min(score().share, score().mean) >= LEAST_SCORE


def test_no_rule_lets_more_than_its_known_survivors_pass() -> None:
    """Many changes of one rule do not make up for another: each without a known survivor catches all of its own."""
    with_survivors = {row.partition(":")[0] for row in SURVIVORS}
    missed = {mutant.rule for mutant in mutants() if not mutant.caught}
    assert missed == with_survivors


def test_every_row_changes_something() -> None:
    """No row of the tables is about a place that our stacks do not have."""
    rows = {f"{rule}: {what}" for table in BY_PROFILE.values() for rule, spoilt in table.items() for what in spoilt}
    assert rows - by_row().keys() == set()


def test_stacks_as_they_are_break_none_of_these_rules() -> None:
    """A change is caught for what it does: before it, the rule does not fail on that resource."""
    failing = {
        (own.label, result.rule.id, result.item.name if result.item else "")
        for own in own_stacks()
        for result in own.results
        if result.verdict is Verdict.FAIL
    }
    changed = {(one.own.label, one.rule, one.changed.item.name) for one in mutants() if one.changed.item}
    assert failing & changed == set()


def _passing(own: Own) -> Iterator[tuple[str, Item]]:
    for result in own.results:
        if result.verdict is Verdict.PASS and result.item is not None:
            yield result.rule.id, result.item


def test_every_rule_that_passes_on_a_resource_of_ours_is_broken_by_some_change() -> None:
    """No rule is in the pack of which we do not know that it would notice."""
    passing = {rule for own in own_stacks() for rule, _ in _passing(own)}
    assert passing - {mutant.rule for mutant in mutants() if mutant.caught} == set()


def test_every_guarded_input_that_our_stacks_have_is_changed() -> None:
    """What a rule guards in a resource of ours is spoilt somewhere, or no change of it is worse for a reason given."""
    changed = {(one.rule, one.changed.kind, path[:1]) for one in mutants() for path in one.changed.paths}
    left = {
        (rule, item.type, key)
        for own in own_stacks()
        for rule, item in _passing(own)
        for key in BY_ID[rule].guards
        if key in item.inputs and (rule, item.type, (key,)) not in changed
    }
    assert {row for row in left if row not in HARMLESS} == set()


@pytest.mark.parametrize("rule", [rule.id for rule in RULES])
def test_every_place_that_decides_is_changed(rule: str) -> None:
    """Each place in an input of ours without which a rule no longer passes is spoilt, or what lies within it."""
    spoilt = {(one.changed.kind, path) for one in mutants() if one.rule == rule for path in one.changed.paths}
    own = Own("hybrid", "prod", "prod")
    left = {
        (rule, item.type, ".".join(path))
        for item, path in decisive(BY_ID[rule], own.stack, own.run.settings(BY_ID[rule]))
        if not any(kind == item.type and there[: len(path)] == path for kind, there in spoilt)
    }
    assert {row for row in left if row not in HARMLESS} == set()


def test_every_reason_for_leaving_a_place_out_is_about_one_that_is_not_changed() -> None:
    """No place is excused that some change spoils."""
    changed = {
        (one.rule, one.changed.kind, ".".join(path)) for one in mutants() for path in one.changed.paths if one.caught
    }
    assert HARMLESS.keys() & changed == set()
