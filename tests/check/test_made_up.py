"""Claim: made-up ids and ARNs have the form that AWS gives each type, so that programs and rules can read them."""

import pytest

from leanto.check.made_up import MadeUp
from leanto.embedded.plugin.configuration import Configuration
from tests.check.conftest import ThingType

URN = "urn:pulumi:dev::demo::x::name"
CASES = {
    "aws:iam/role:Role": ({"name": "r"}, "r", "arn:aws:iam::123456789012:role/r"),
    "aws:iam/instanceProfile:InstanceProfile": ({"name": "p"}, "p", "arn:aws:iam::123456789012:instance-profile/p"),
    "aws:s3/bucket:Bucket": ({"bucket": "b"}, "b", "arn:aws:s3:::b"),
    "aws:dynamodb/table:Table": ({"name": "t"}, "t", "arn:aws:dynamodb:eu-west-1:123456789012:table/t"),
    "aws:sns/topic:Topic": ({"name": "t"}, "t", "arn:aws:sns:eu-west-1:123456789012:t"),
    "aws:lambda/function:Function": ({"name": "f"}, "f", "arn:aws:lambda:eu-west-1:123456789012:function:f"),
    "aws:cloudwatch/logGroup:LogGroup": (
        {"name": "/a/b"},
        "/a/b",
        "arn:aws:logs:eu-west-1:123456789012:log-group:/a/b",
    ),
    "aws:secretsmanager/secret:Secret": ({"name": "s"}, "s", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:s"),
}


def create(token: str, inputs: dict[str, str], urn: str = URN) -> tuple[str, dict[str, object]]:
    kind = type("Kind", (ThingType,), {"token": token, "computed": frozenset({"arn"})})()
    return MadeUp().create(kind, Configuration("eu-west-1"), urn, inputs)


@pytest.mark.parametrize(("token", "case"), CASES.items(), ids=CASES)
def test_ids_and_arns(token: str, case: tuple[dict[str, str], str, str]) -> None:
    inputs, resource_id, arn = case
    assert create(token, inputs) == (resource_id, {"arn": arn, **inputs})


@pytest.mark.parametrize(
    ("token", "form"),
    [
        ("aws:ec2/vpc:Vpc", r"vpc-[0-9a-f]{17}"),
        ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", r"sgr-[0-9a-f]{17}"),
        ("aws:kms/key:Key", r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}"),
        ("aws:apigateway/restApi:RestApi", r"[0-9a-f]{10}"),
    ],
)
def test_ids_that_aws_makes_up_have_its_form_and_differ_by_urn(token: str, form: str) -> None:
    import re

    first, again, other = create(token, {})[0], create(token, {})[0], create(token, {}, URN + "2")[0]
    assert first == again != other
    assert re.fullmatch(form, first)


def test_outputs_of_a_kind_that_their_name_does_not_tell_are_left_out() -> None:
    """A made-up text where AWS has a number or a list would mislead whoever reads it."""
    computed = frozenset({"desiredCapacity", "warmPoolSize", "subnetIds", "enableX", "latestVersion", "ownerId", "url"})
    kind = type("Kind", (ThingType,), {"computed": computed})()
    made_up = MadeUp().create(kind, Configuration("eu-west-1"), URN, {"name": "n"})[1]
    assert made_up == {"latestVersion": 1, "ownerId": "123456789012", "url": "url-of-n", "name": "n"}


def test_a_function_is_invoked_by_the_arns_of_api_gateway() -> None:
    keys = frozenset({"arn", "invokeArn", "responseStreamingInvokeArn"})
    kind = type("Kind", (ThingType,), {"token": "aws:lambda/function:Function", "computed": keys})()
    made_up = MadeUp().create(kind, Configuration("eu-west-1"), URN, {"name": "f"})[1]
    path = "arn:aws:apigateway:eu-west-1:lambda:path"
    assert made_up["invokeArn"] == f"{path}/2015-03-31/functions/{made_up['arn']}/invocations"
    assert made_up["responseStreamingInvokeArn"] == (
        f"{path}/2021-11-15/functions/{made_up['arn']}/response-streaming-invocations"
    )


def test_a_resource_of_its_own_region_has_it_in_its_arn() -> None:
    arn = create("aws:sns/topic:Topic", {"name": "t", "region": "us-east-1"})[1]["arn"]
    assert arn == "arn:aws:sns:us-east-1:123456789012:t"
