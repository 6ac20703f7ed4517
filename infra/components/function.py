"""One Lambda function with all that is its own: role, permissions, log group, code object."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.bundles import Bundle
from infra.components.private_bucket import PrivateBucket
from infra.defaults import FunctionSize
from infra.grants import network_grants
from infra.naming import Names
from infra.permissions import (
    FUNCTION_CONTEXT,
    Grant,
    deny_own_code,
    document,
    of_account,
    trust,
    use_key,
    write_logs,
)

EXEC_WRAPPER = "/var/task/bootstrap"
"""Starts our own runtime instead of Lambda's, which cannot stream from Python."""


@dataclass(frozen=True)
class Surroundings:
    """What all functions of a stack have in common."""

    names: Names
    code: PrivateBucket
    key_arn: pulumi.Input[str]
    architecture: str
    python: str
    log_retention_days: int


@dataclass(frozen=True)
class Enclosure:
    """The network that a function runs in. It gets a security group of its own, which says where it leads to."""

    vpc_id: pulumi.Input[str]
    subnet_ids: list[pulumi.Output[str]]


@dataclass(frozen=True)
class FunctionArgs:
    """Settings of one function; `grants` are all that it may do besides writing its log and reading its variables.

    The code of a function in a network may do nothing but write its log: what it is for is within that network.
    """

    surroundings: Surroundings
    function: str
    bundle: Bundle
    size: FunctionSize
    environment: Mapping[str, pulumi.Input[str]]
    grants: tuple[Grant, ...]
    layers: tuple[pulumi.Input[str], ...] = ()
    enclosure: Enclosure | None = None


class Function(pulumi.ComponentResource):
    """A function with its own role, an encrypted log group that exists before it, and a bound on its concurrency."""

    arn: pulumi.Output[str]
    name: pulumi.Output[str]
    security_group_id: pulumi.Output[str] | None
    """Of a function in a network; without rules it lets nothing in or out."""

    def __init__(self, name: str, args: FunctionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("leanto:infra:Function", name, None, opts)
        around = args.surroundings
        log_group = self._log_group(name, args)
        role, policy = self._role(name, args)
        code = self._code(name, args)
        self.security_group_id = self._security_group(name, args, policy)
        function = aws.lambda_.Function(
            name,
            name=around.names.function(args.function),
            role=role.arn,
            runtime=f"python{around.python}",
            architectures=[around.architecture],
            handler=args.bundle.handler,
            s3_bucket=around.code.name,
            s3_key=code.key,
            s3_object_version=code.version_id,
            source_code_hash=args.bundle.sha256_base64,
            memory_size=args.size.memory_mib,
            timeout=args.size.timeout_seconds,
            reserved_concurrent_executions=args.size.reserved_concurrency,
            environment=aws.lambda_.FunctionEnvironmentArgs(
                variables={"AWS_LAMBDA_EXEC_WRAPPER": EXEC_WRAPPER, **args.environment}
            ),
            kms_key_arn=around.key_arn,
            layers=list(args.layers),
            vpc_config=self._network(args),
            logging_config=aws.lambda_.FunctionLoggingConfigArgs(log_format="Text", log_group=log_group.name),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy, log_group]),
        )
        self.arn, self.name = function.arn, function.name
        self.register_outputs({"arn": self.arn, "name": self.name})

    def _security_group(self, name: str, args: FunctionArgs, policy: pulumi.Resource) -> pulumi.Output[str] | None:
        if args.enclosure is None:
            return None
        return aws.ec2.SecurityGroup(
            f"{name}-group",
            description=f"Function {args.function}: nothing in, and out where its rules say",
            vpc_id=args.enclosure.vpc_id,
            # The group goes once Lambda has deleted the function's interfaces, for which it needs the role's policy.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        ).id

    def _network(self, args: FunctionArgs) -> aws.lambda_.FunctionVpcConfigArgs | None:
        if args.enclosure is None or self.security_group_id is None:
            return None
        return aws.lambda_.FunctionVpcConfigArgs(
            subnet_ids=args.enclosure.subnet_ids, security_group_ids=[self.security_group_id]
        )

    def _log_group(self, name: str, args: FunctionArgs) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            f"{name}-log",
            name=args.surroundings.names.log_group(args.function),
            retention_in_days=args.surroundings.log_retention_days,
            kms_key_id=args.surroundings.key_arn,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _role(self, name: str, args: FunctionArgs) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
        around = args.surroundings
        variables = {FUNCTION_CONTEXT: around.names.function_arn(args.function)}
        own = (
            write_logs(around.names, args.function),
            use_key("ReadVariables", around.names, around.key_arn, "lambda", ("kms:Decrypt",), variables),
        )
        enclosed = args.enclosure is not None
        grants = (*own, *args.grants, *(network_grants(around.names) if enclosed else ()))
        denied = (deny_own_code(around.names, args.function),) if enclosed else ()
        role = aws.iam.Role(
            f"{name}-role",
            assume_role_policy=pulumi.Output.json_dumps(trust("lambda.amazonaws.com", of_account(around.names))),
            description=f"{around.names.prefix}: what the function {args.function} may do",
            opts=pulumi.ResourceOptions(parent=self),
        )
        policy = aws.iam.RolePolicy(
            f"{name}-policy",
            role=role.name,
            policy=pulumi.Output.json_dumps(document(*(grant.statement() for grant in grants), *denied)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return role, policy

    def _code(self, name: str, args: FunctionArgs) -> aws.s3.BucketObjectv2:
        bucket = args.surroundings.code
        return aws.s3.BucketObjectv2(
            f"{name}-code",
            bucket=bucket.name,
            key=f"{args.function}.zip",
            source=pulumi.FileAsset(str(args.bundle.path)),
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(bucket.settings)),
        )
