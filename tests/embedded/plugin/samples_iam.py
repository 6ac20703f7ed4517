"""Samples of IAM."""

import json

from leanto.embedded.plugin.resource import Props
from tests.embedded.plugin.sample import Sample, World

ROLE = "aws:iam/role:Role"


def trust(service: str) -> str:
    """Return a trust policy for a service, spelt as programs like to spell it."""
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)


def grant(action: str) -> str:
    """Return a policy that allows one action on everything."""
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": [action], "Resource": "*"}]}
    )


def a_role(world: World, name: str = "role") -> str:
    """Make a role to stand on; return its name."""
    return str(world.make(ROLE, name, assumeRolePolicy=trust("lambda.amazonaws.com"))["name"])


def managed_policy(world: World, name: str) -> str:
    """Return the ARN of a customer-managed policy, made once for all tests."""
    iam, arn = world.client("iam"), f"arn:aws:iam::{world.backend.account_id}:policy/{name}"
    if arn not in {policy["Arn"] for policy in iam.list_policies(Scope="Local")["Policies"]}:
        iam.create_policy(PolicyName=name, PolicyDocument=grant("s3:GetObject"))
    return arn


def _role(world: World) -> Props:
    return {
        "assumeRolePolicy": trust("lambda.amazonaws.com"),
        "description": "runs the gateway",
        "managedPolicyArns": [managed_policy(world, "second"), managed_policy(world, "first")],
        "permissionsBoundary": managed_policy(world, "first"),
        "tags": {"part": "gateway"},
    }


def _change_trust(world: World, role: str) -> None:
    world.client("iam").update_assume_role_policy(RoleName=role, PolicyDocument=trust("ec2.amazonaws.com"))


def _rewrite(world: World, policy_id: str) -> None:
    role, name = policy_id.split(":")
    world.client("iam").put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=grant("s3:*"))


def _take_role_out(world: World, profile: str) -> None:
    role = world.client("iam").get_instance_profile(InstanceProfileName=profile)["InstanceProfile"]["Roles"][0]
    world.client("iam").remove_role_from_instance_profile(InstanceProfileName=profile, RoleName=role["RoleName"])


SAMPLES = (
    Sample(
        ROLE,
        _role,
        update=lambda world: {
            "assumeRolePolicy": trust("scheduler.amazonaws.com"),
            "description": None,
            "managedPolicyArns": [managed_policy(world, "third")],
            "maxSessionDuration": 7200,
            "permissionsBoundary": None,
            "tags": {"part": "scaler", "stage": "dev"},
        },
        replace={"name": "other", "path": "/app/"},
        drift=_change_trust,
        drifted=frozenset({"assumeRolePolicy"}),
    ),
    Sample(ROLE, lambda _: {"assumeRolePolicy": json.loads(trust("ec2.amazonaws.com"))}, variant="document-as-object"),
    Sample(
        "aws:iam/rolePolicy:RolePolicy",
        lambda world: {"role": a_role(world), "policy": grant("dynamodb:GetItem")},
        update={"policy": grant("dynamodb:PutItem")},
        replace={"name": "other", "role": "other"},
        drift=_rewrite,
        drifted=frozenset({"policy"}),
    ),
    Sample(
        "aws:iam/instanceProfile:InstanceProfile",
        lambda world: {"role": a_role(world), "tags": {"part": "pool"}},
        update=lambda world: {"role": a_role(world, "other"), "tags": {"stage": "dev"}},
        replace={"name": "other", "path": "/app/"},
        drift=_take_role_out,
        drifted=frozenset({"role"}),
    ),
)
