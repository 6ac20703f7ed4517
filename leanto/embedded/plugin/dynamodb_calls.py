"""Inputs of tables and indexes as DynamoDB's API takes them, and the other way round."""

from collections.abc import Mapping
from typing import Any

from leanto.embedded.plugin.resource import Props

ON_DEMAND = "PAY_PER_REQUEST"
PROVISIONED = "PROVISIONED"
UNLIMITED = -1
"""The API's value for "no maximum"."""


def attributes(inputs: Mapping[str, Any]) -> list[Props]:
    """Return the attributes that are keys, with their types."""
    return [{"AttributeName": one["name"], "AttributeType": one["type"]} for one in inputs["attributes"]]


def key_schema(part: Mapping[str, Any], table_hash_key: str | None = None) -> list[Props]:
    """Return the keys of a table or an index; a local index shares the table's hash key."""
    hash_key = part.get("hashKey", table_hash_key)
    keys = [{"AttributeName": hash_key, "KeyType": "HASH"}]
    if part.get("rangeKey"):
        keys.append({"AttributeName": part["rangeKey"], "KeyType": "RANGE"})
    return keys


def capacity(part: Mapping[str, Any]) -> Props:
    """Return the provisioned capacity of a table or an index."""
    return {
        "ReadCapacityUnits": part.get("readCapacity", 1),
        "WriteCapacityUnits": part.get("writeCapacity", 1),
    }


def on_demand_maximum(part: Mapping[str, Any]) -> Props:
    """Return the maximum of an on-demand table or index; what is left out has none."""
    given = part.get("onDemandThroughput", {})
    return {
        "MaxReadRequestUnits": given.get("maxReadRequestUnits", UNLIMITED),
        "MaxWriteRequestUnits": given.get("maxWriteRequestUnits", UNLIMITED),
    }


def projection(index: Mapping[str, Any]) -> Props:
    """Return what an index carries."""
    attributes = {"NonKeyAttributes": index["nonKeyAttributes"]} if index.get("nonKeyAttributes") else {}
    return {"ProjectionType": index["projectionType"], **attributes}


def global_index(index: Mapping[str, Any], billing_mode: str) -> Props:
    """Return a global index as CreateTable takes it."""
    throughput = {"ProvisionedThroughput": capacity(index)} if billing_mode == PROVISIONED else {}
    maximum = {"OnDemandThroughput": on_demand_maximum(index)} if "onDemandThroughput" in index else {}
    return {
        "IndexName": index["name"],
        "KeySchema": key_schema(index),
        "Projection": projection(index),
        **throughput,
        **maximum,
    }


def local_index(index: Mapping[str, Any], table_hash_key: str) -> Props:
    """Return a local index as CreateTable takes it."""
    return {
        "IndexName": index["name"],
        "KeySchema": key_schema(index, table_hash_key),
        "Projection": projection(index),
    }


def stream(inputs: Mapping[str, Any]) -> Props:
    """Return the stream's settings."""
    if not inputs.get("streamEnabled"):
        return {"StreamEnabled": False}
    return {"StreamEnabled": True, "StreamViewType": inputs["streamViewType"]}


def encryption(inputs: Mapping[str, Any]) -> Props:
    """Return the encryption's settings; without a key AWS uses its own."""
    given = inputs.get("serverSideEncryption", {})
    if not given.get("enabled"):
        return {"Enabled": False}
    key = {"KMSMasterKeyId": given["kmsKeyArn"]} if "kmsKeyArn" in given else {}
    return {"Enabled": True, "SSEType": "KMS", **key}


def index_props(found: Mapping[str, Any], billing_mode: str, *, is_local: bool) -> Props:
    """Return an index as it is described, in the provider's words."""
    keys = {key["KeyType"]: key["AttributeName"] for key in found["KeySchema"]}
    props: Props = {
        "name": found["IndexName"],
        "projectionType": found["Projection"]["ProjectionType"],
        "rangeKey": keys.get("RANGE"),
        "nonKeyAttributes": found["Projection"].get("NonKeyAttributes"),
    }
    if not is_local:
        props["hashKey"] = keys["HASH"]
        if billing_mode == PROVISIONED:
            props["readCapacity"] = found["ProvisionedThroughput"]["ReadCapacityUnits"]
            props["writeCapacity"] = found["ProvisionedThroughput"]["WriteCapacityUnits"]
    return {key: value for key, value in props.items() if value}


def key_attributes(inputs: Mapping[str, Any]) -> set[str]:
    """Return the names of all attributes that are keys of the table or of an index."""
    parts = [inputs, *inputs.get("globalSecondaryIndexes", []), *inputs.get("localSecondaryIndexes", [])]
    return {str(part[key]) for part in parts for key in ("hashKey", "rangeKey") if part.get(key)}
