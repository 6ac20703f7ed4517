"""A deployed account as the claims see it: read with boto3, and from the side store where moto drops what was set."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import jmespath
from botocore.exceptions import ClientError

from tests.infra.claims.stack import as_list

NOTHING_THERE = frozenset(
    {
        "NoSuchBucketPolicy",
        "NoSuchLifecycleConfiguration",
        "NoSuchPublicAccessBlockConfiguration",
        "NoSuchTagSet",
        "OwnershipControlsNotFoundError",
        "ResourceNotFoundException",
        "ServerSideEncryptionConfigurationNotFoundError",
    }
)
"""What AWS answers when a thing has no such setting; every other error fails the test."""

Violations = Iterator[str]
Claim = Callable[["Account"], Violations]
"""A promise about an account: yields what breaks it, each named by its AWS id first. Its docstring is the promise."""


class Side(Protocol):
    """The side store of the embedded AWS."""

    def get(self, token: str, resource_id: str) -> dict[str, Any]:
        """Return what is kept for one resource; empty when nothing is."""
        ...


@dataclass(frozen=True)
class Account:
    """One account with one stack in it. What AWS itself has in every account (its keys, its network) is left out.

    Which keys and networks there are is asked once: nothing is deployed while an account is looked at.
    """

    client: Callable[[str], Any]
    side: Side
    environment: str = "dev"

    def listed(self, service: str, operation: str, path: str, **arguments: Any) -> list[Any]:
        """Return what an operation lists under a JMESPath, over all pages."""
        client = self.client(service)
        if client.can_paginate(operation):
            found = client.get_paginator(operation).paginate(**arguments).search(path)
            return [one for one in found if one is not None]
        return jmespath.search(path, getattr(client, operation)(**arguments)) or []

    def asked(self, service: str, operation: str, **arguments: Any) -> dict[str, Any]:
        """Return an answer; empty when AWS says that there is nothing to tell."""
        try:
            answer: dict[str, Any] = getattr(self.client(service), operation)(**arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] in NOTHING_THERE:
                return {}
            raise
        return answer

    @cached_property
    def account_id(self) -> str:
        """The account's number."""
        return str(self.client("sts").get_caller_identity()["Account"])

    @cached_property
    def own_keys(self) -> list[dict[str, Any]]:
        """Return the account's own keys in use; those of AWS services and those to be deleted are none of them.

        Moto calls the keys of AWS services the customer's own; their aliases tell them apart.
        """
        of_services = self.listed("kms", "list_aliases", "Aliases[?starts_with(AliasName, 'alias/aws/')].TargetKeyId")
        ids = [one for one in self.listed("kms", "list_keys", "Keys[].KeyId") if one not in of_services]
        found = [self.asked("kms", "describe_key", KeyId=one)["KeyMetadata"] for one in ids]
        return [key for key in found if key["KeyManager"] == "CUSTOMER" and key["KeyState"] != "PendingDeletion"]

    def is_own_key(self, key: str | None) -> bool:
        """Return whether an id or ARN names one of the account's own keys."""
        return any(key in (own["KeyId"], own["Arn"]) for own in self.own_keys)

    def buckets(self) -> list[str]:
        """Return the buckets' names."""
        return self.listed("s3", "list_buckets", "Buckets[].Name")

    def tables(self) -> list[dict[str, Any]]:
        """Return the tables."""
        names = self.listed("dynamodb", "list_tables", "TableNames[]")
        return [self.asked("dynamodb", "describe_table", TableName=name)["Table"] for name in names]

    def secrets(self) -> list[dict[str, Any]]:
        """Return the secrets, without their values."""
        arns = self.listed("secretsmanager", "list_secrets", "SecretList[].ARN")
        return [self.asked("secretsmanager", "describe_secret", SecretId=arn) for arn in arns]

    def roles(self) -> list[dict[str, Any]]:
        """Return the roles, without those that AWS services make for themselves."""
        return self.listed("iam", "list_roles", "Roles[?!starts_with(Path, '/aws-service-role/')]")

    def role_statements(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Return `role:policy` and each statement of the policies in the roles."""
        for role in self.roles():
            name = role["RoleName"]
            for policy in self.listed("iam", "list_role_policies", "PolicyNames[]", RoleName=name):
                found = self.asked("iam", "get_role_policy", RoleName=name, PolicyName=policy)
                yield from ((f"{name}:{policy}", one) for one in statements(found["PolicyDocument"]))

    def functions(self) -> list[dict[str, Any]]:
        """Return the functions."""
        return self.listed("lambda", "list_functions", "Functions[]")

    def apis(self) -> list[dict[str, Any]]:
        """Return the REST APIs."""
        return self.listed("apigateway", "get_rest_apis", "items[]")

    def stages(self) -> list[dict[str, Any]]:
        """Return the stages of all APIs, each with its `restApiId`."""
        return [
            {**stage, "restApiId": api["id"]}
            for api in self.apis()
            for stage in self.asked("apigateway", "get_stages", restApiId=api["id"])["item"]
        ]

    def topics(self) -> list[dict[str, Any]]:
        """Return the topics' attributes."""
        arns = self.listed("sns", "list_topics", "Topics[].TopicArn")
        return [self.asked("sns", "get_topic_attributes", TopicArn=arn)["Attributes"] for arn in arns]

    def log_groups(self) -> list[dict[str, Any]]:
        """Return the log groups."""
        return self.listed("logs", "describe_log_groups", "logGroups[]")

    def alarms(self) -> list[dict[str, Any]]:
        """Return the alarms on metrics."""
        return self.listed("cloudwatch", "describe_alarms", "MetricAlarms[]")

    def budgets(self) -> list[dict[str, Any]]:
        """Return the budgets."""
        return self.listed("budgets", "describe_budgets", "Budgets[]", AccountId=self.account_id)

    def ec2(self, operation: str, path: str) -> list[dict[str, Any]]:
        """Return what EC2 lists, without what belongs to the default network of each account."""
        return [found for found in self.listed("ec2", operation, path) if found.get("VpcId") not in self._aws_networks]

    @cached_property
    def _aws_networks(self) -> list[str]:
        return self.listed("ec2", "describe_vpcs", "Vpcs[?IsDefault].VpcId")

    def groups(self) -> list[dict[str, Any]]:
        """Return the Auto Scaling groups."""
        return self.listed("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups[]")

    def launch_templates(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Return each launch template's id and data: of its newest version, and of the default one if it is another."""
        for template in self.listed("ec2", "describe_launch_templates", "LaunchTemplates[].LaunchTemplateId"):
            versions = self.asked(
                "ec2", "describe_launch_template_versions", LaunchTemplateId=template, Versions=["$Latest", "$Default"]
            )["LaunchTemplateVersions"]
            data = {version["VersionNumber"]: version["LaunchTemplateData"] for version in versions}
            yield from ((template, one) for one in data.values())


def statements(document: str | Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the statements of a policy document."""
    parsed = json.loads(document) if isinstance(document, str) else document
    return as_list(parsed["Statement"])


def tags_of(pairs: list[dict[str, str]] | None, key: str = "Key", value: str = "Value") -> dict[str, str]:
    """Return tags as AWS lists them as a mapping."""
    return {pair[key]: pair[value] for pair in pairs or []}
