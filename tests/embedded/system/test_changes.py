"""Claim: a change of each kind makes exactly the updates and replacements that it should, and no other."""

from collections.abc import Callable, Iterator

import pytest

from leanto.engine.changes import Result

pytestmark = pytest.mark.engine

OTHER_OWNER = {"owner": "someone-else", "cost-centre": "llm-platform", "data-class": "internal"}
UNTAGGED = frozenset(
    {
        "aws:apigateway/account:Account",
        "aws:apigateway/authorizer:Authorizer",
        "aws:apigateway/deployment:Deployment",
        "aws:apigateway/integration:Integration",
        "aws:apigateway/method:Method",
        "aws:apigateway/methodSettings:MethodSettings",
        "aws:apigateway/resource:Resource",
        "aws:apigateway/response:Response",
        "aws:cloudwatch/dashboard:Dashboard",
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        "aws:iam/rolePolicy:RolePolicy",
        "aws:kms/alias:Alias",
        "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
        "aws:lambda/layerVersion:LayerVersion",
        "aws:lambda/permission:Permission",
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        "aws:s3/bucketPolicy:BucketPolicy",
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "aws:s3/bucketVersioning:BucketVersioning",
        "aws:sns/topicPolicy:TopicPolicy",
        "aws:sns/topicSubscription:TopicSubscription",
    }
)
"""Types that AWS cannot tag; a new owner changes everything else."""


@pytest.fixture(scope="module")
def deployed(deploying: Callable) -> Iterator:
    return deploying("hybrid")


def operations(result: Result) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return name below the stack's -> operation and changed properties, of everything that changes."""
    return {
        change.name.removeprefix("leanto-hybrid-"): (change.operation, change.properties)
        for change in result.changed
        if not change.is_provider
    }


def planned(deployed, **settings: object) -> dict[str, tuple[str, tuple[str, ...]]]:
    return operations(deployed.with_overlay(**settings).deployment.preview())


def test_a_new_tag_updates_all_that_has_tags_and_replaces_nothing(deployed) -> None:
    result = deployed.with_overlay(tags=OTHER_OWNER).deployment.preview()
    changed = {change.urn for change in result.changed if not change.is_provider}
    aws = {change.urn for change in result.changes.values() if change.type.startswith("aws:")}
    assert changed == {urn for urn in aws if result.changes[urn].type not in UNTAGGED}
    assert {result.changes[urn].operation for urn in changed} == {"update"}


def test_more_memory_updates_the_gateway(deployed) -> None:
    assert planned(deployed, gatewayMemoryMib=1024) == {"functions-gateway": ("update", ("memorySize",))}


def test_another_order_of_instance_types_updates_the_group(deployed) -> None:
    place = "mixedInstancesPolicy.launchTemplate.overrides"
    assert planned(deployed, gpuInstanceTypes=["g5.xlarge", "g6.xlarge"]) == {
        "pool-group": ("update", (f"{place}[0].instanceType", f"{place}[1].instanceType"))
    }


def test_another_maximum_updates_the_group_and_how_many_relays_run(deployed) -> None:
    assert planned(deployed, gpuMaximumNodes=2) == {
        "pool-group": ("update", ("maxSize",)),
        "relay-function": ("update", ("reservedConcurrentExecutions",)),
    }


def test_another_route_replaces_the_document_and_updates_the_gateway(deployed) -> None:
    routes = [{"model": "tiny", "provider": "openai", "providerModel": "gpt-6-luna"}]
    assert planned(deployed, routes=routes) == {
        "functions-deployment": ("replace", ("code",)),
        "functions-gateway": ("update", ("layers[0]",)),
    }


def test_another_retention_updates_every_log_and_what_expires(deployed) -> None:
    retention = ("update", ("retentionInDays",))
    assert planned(deployed, logRetentionDays=60) == {
        "functions-authorizer-log": retention,
        "functions-gateway-log": retention,
        "functions-stop-log": retention,
        "relay-function-log": retention,
        "stage-log": retention,
        "storage-pool-lifecycle": ("update", ("rules[2].expiration.days",)),
    }


def test_another_image_makes_a_version_of_the_template_and_the_group_takes_it(deployed) -> None:
    version = "mixedInstancesPolicy.launchTemplate.launchTemplateSpecification.version"
    image = deployed.client("ec2").describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    assert image != deployed.place.overlay["leanto:gpuAmiId"]
    assert planned(deployed, gpuAmiId=image) == {
        "pool-node": ("update", ("imageId",)),
        "pool-group": ("update", (version,)),
    }


def test_every_change_can_be_deployed_and_is_then_no_change(deployed) -> None:
    settings = {
        "tags": OTHER_OWNER,
        "gatewayMemoryMib": 1024,
        "gpuInstanceTypes": ["g5.xlarge", "g6.xlarge"],
        "gpuMaximumNodes": 2,
        "logRetentionDays": 60,
        "routes": [{"model": "tiny", "provider": "openai", "providerModel": "gpt-6-luna"}],
    }
    changed = deployed.with_overlay(**settings)
    done = changed.deployment.up()
    assert {change.operation for change in done.changed} == {"update", "replace"}
    assert operations(deployed.with_overlay(**settings).deployment.refresh()) == {}
    assert operations(deployed.with_overlay(**settings).deployment.preview()) == {}
    function = deployed.client("lambda").get_function_configuration(FunctionName="leanto-hybrid-gateway")
    assert function["MemorySize"] == 1024


MANAGED = {"mode": "managed", "routes": [{"model": "small", "provider": "openai", "providerModel": "gpt-6-luna"}]}
POOL_PARTS = ("alarm-gpu-hours", "alarm-relay-errors", "keys-pool", "network", "pool", "relay", "storage-pool")
TOUCHED_BY_THE_POOL = {
    "dashboard": "update",
    "functions-deployment": "replace",
    "functions-gateway": "update",
    "functions-gateway-policy": "update",
    "functions-stop": "update",
    "functions-stop-policy": "update",
}


def is_pool(name: str) -> bool:
    return any(name == part or name.startswith(f"{part}-") for part in POOL_PARTS)


@pytest.mark.long
def test_a_stack_loses_its_pool_and_gets_it_back_with_all_else_in_place(deployed) -> None:
    """Removing and adding the pool deletes and creates the pool's parts, and changes only what must know of it."""
    deployed.with_overlay().deployment.up()
    removed = operations(deployed.with_overlay(**MANAGED).deployment.up())
    added = operations(deployed.with_overlay().deployment.up())
    for result, operation in ((removed, "delete"), (added, "create")):
        assert {done for name, (done, _) in result.items() if is_pool(name)} == {operation}
        assert {name: done for name, (done, _) in result.items() if not is_pool(name)} == TOUCHED_BY_THE_POOL
    assert operations(deployed.with_overlay().deployment.refresh()) == {}
