"""Samples of DynamoDB."""

from leanto.embedded.plugin.resource import Props
from tests.embedded.plugin.sample import Sample, World
from tests.embedded.plugin.samples_kms import a_key

TABLE = "aws:dynamodb/table:Table"
KEYS = [{"name": "pk", "type": "S"}, {"name": "sk", "type": "S"}]
BY_OWNER = {
    "name": "by-owner",
    "hashKey": "owner",
    "rangeKey": "sk",
    "projectionType": "INCLUDE",
    "nonKeyAttributes": ["state"],
    "onDemandThroughput": {"maxReadRequestUnits": 5, "maxWriteRequestUnits": 5},
}
BY_STATE = {"name": "by-state", "hashKey": "state", "projectionType": "ALL"}


def _on_demand(world: World) -> Props:
    return {
        "attributes": [*KEYS, {"name": "owner", "type": "S"}],
        "billingMode": "PAY_PER_REQUEST",
        "globalSecondaryIndexes": [BY_OWNER],
        "hashKey": "pk",
        "onDemandThroughput": {"maxReadRequestUnits": 100, "maxWriteRequestUnits": 50},
        "pointInTimeRecovery": {"enabled": True, "recoveryPeriodInDays": 7},
        "rangeKey": "sk",
        "serverSideEncryption": {"enabled": True, "kmsKeyArn": a_key(world)},
        "streamEnabled": True,
        "streamViewType": "NEW_IMAGE",
        "tableClass": "STANDARD_INFREQUENT_ACCESS",
        "tags": {"data": "keys"},
        "ttl": {"attributeName": "expires_at", "enabled": True},
    }


SAMPLES = (
    Sample(
        TABLE,
        _on_demand,
        variant="on-demand",
        update={
            "attributes": [*KEYS, {"name": "state", "type": "S"}],
            "globalSecondaryIndexes": [BY_STATE],
            "onDemandThroughput": {"maxReadRequestUnits": 200},
            "serverSideEncryption": {"enabled": True},
            "streamEnabled": False,
            "streamViewType": None,
            "tableClass": "STANDARD",
            "tags": {"stage": "dev"},
            "ttl": {"attributeName": "expires_at", "enabled": False},
        },
        replace={"hashKey": "sk", "rangeKey": None, "name": "other"},
        drift=lambda world, name: world.client("dynamodb").update_continuous_backups(
            TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
        ),
        drifted=frozenset({"pointInTimeRecovery"}),
    ),
    Sample(
        TABLE,
        lambda _: {
            "attributes": [KEYS[0], {"name": "at", "type": "N"}],
            "hashKey": "pk",
            "localSecondaryIndexes": [{"name": "by-time", "rangeKey": "at", "projectionType": "KEYS_ONLY"}],
            "rangeKey": "at",
            "readCapacity": 2,
            "writeCapacity": 1,
        },
        variant="provisioned",
        update={"readCapacity": 5, "writeCapacity": 3},
        drift=lambda world, name: world.client("dynamodb").update_table(
            TableName=name, ProvisionedThroughput={"ReadCapacityUnits": 9, "WriteCapacityUnits": 1}
        ),
        drifted=frozenset({"readCapacity", "writeCapacity"}),
    ),
    Sample(
        TABLE,
        lambda _: {"attributes": [KEYS[0]], "hashKey": "pk", "readCapacity": 2, "writeCapacity": 1},
        variant="changes-billing",
        update={"billingMode": "PAY_PER_REQUEST", "readCapacity": None, "writeCapacity": None},
    ),
)
