"""Claim: a web ACL protects the stage whose ARN it names, also where a program puts that ARN together."""

from policies.firewalls import ASSOCIATION, protected
from policies.rest_stages import API, STAGE
from policies.stack import Item, Stack, item


def urn(kind: str, name: str) -> str:
    return f"urn:pulumi:case::corpus::{kind}::{name}"


def stage(name: str) -> Item:
    return item(
        urn(STAGE, name),
        STAGE,
        name,
        {"restApi": "abc", "stageName": name},
        property_dependencies={"restApi": (urn(API, "api"),)},
    )


def test_an_arn_made_of_the_api_and_the_stages_name_is_about_that_stage_alone() -> None:
    api = item(urn(API, "api"), API, "api", {}, outputs={"id": "abc"})
    association = item(
        urn(ASSOCIATION, "waf"),
        ASSOCIATION,
        "waf",
        {"resourceArn": "arn:aws:apigateway:eu-central-1::/restapis/abc/stages/v1"},
        property_dependencies={"resourceArn": (api.urn,)},
    )
    stages = {name: stage(name) for name in ("v1", "v2")}
    stack = Stack("case", (api, association, *stages.values()))
    assert {name: protected(stack, row) for name, row in stages.items()} == {"v1": True, "v2": False}
