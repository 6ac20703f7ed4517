"""What a table is, asked of DynamoDB part by part, and the steps that lead from one state to another."""

from collections.abc import Iterator, Mapping
from typing import Any

from leanto.embedded.plugin import dynamodb_calls as calls
from leanto.embedded.plugin.resource import Context, Props

RECOVERY_DEFAULT_DAYS = 35


def described(found: Mapping[str, Any]) -> Props:
    """Return a described table in the provider's words."""
    keys = {key["KeyType"]: key["AttributeName"] for key in found["KeySchema"]}
    mode = found.get("BillingModeSummary", {}).get("BillingMode", calls.PROVISIONED)
    # After a change to on-demand moto goes on to show the old capacity, where DynamoDB shows none.
    throughput = found["ProvisionedThroughput"] if mode == calls.PROVISIONED else {}
    streams = found.get("StreamSpecification", {})
    return {
        "arn": found["TableArn"],
        "attributes": [
            {"name": one["AttributeName"], "type": one["AttributeType"]} for one in found["AttributeDefinitions"]
        ],
        "billingMode": mode,
        "deletionProtectionEnabled": found.get("DeletionProtectionEnabled", False),
        "globalSecondaryIndexes": [
            calls.index_props(index, mode, is_local=False) for index in found.get("GlobalSecondaryIndexes") or []
        ],
        "hashKey": keys["HASH"],
        "localSecondaryIndexes": [
            calls.index_props(index, mode, is_local=True) for index in found.get("LocalSecondaryIndexes") or []
        ],
        "name": found["TableName"],
        "rangeKey": keys.get("RANGE"),
        "readCapacity": throughput.get("ReadCapacityUnits", 0),
        "streamArn": found.get("LatestStreamArn", ""),
        "streamEnabled": streams.get("StreamEnabled", False),
        "streamLabel": found.get("LatestStreamLabel", ""),
        "streamViewType": streams.get("StreamViewType", ""),
        "writeCapacity": throughput.get("WriteCapacityUnits", 0),
    }


def encryption(found: Mapping[str, Any], kept: Mapping[str, Any]) -> Props | None:
    """Return the encryption: what was asked for, as moto ignores later changes, with the key that AWS chose."""
    described_key = found.get("SSEDescription", {}).get("KMSMasterKeyArn")
    asked = kept.get("serverSideEncryption")
    if asked is None:
        return {"enabled": True, "kmsKeyArn": described_key} if described_key else None
    if not asked.get("enabled"):
        return {"enabled": False}
    return {"kmsKeyArn": described_key, **asked} if described_key else dict(asked)


def recovery(ctx: Context, name: str) -> Props:
    """Return the point-in-time recovery."""
    answer = ctx.client("dynamodb").describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    found = answer.get("PointInTimeRecoveryDescription", {})
    if found.get("PointInTimeRecoveryStatus") != "ENABLED":
        return {"enabled": False}
    return {"enabled": True, "recoveryPeriodInDays": found.get("RecoveryPeriodInDays", RECOVERY_DEFAULT_DAYS)}


def set_recovery(ctx: Context, name: str, inputs: Props) -> None:
    """Switch point-in-time recovery as the inputs say, if they say anything."""
    given = inputs.get("pointInTimeRecovery")
    if given is None:
        return
    days = {"RecoveryPeriodInDays": given["recoveryPeriodInDays"]} if "recoveryPeriodInDays" in given else {}
    ctx.client("dynamodb").update_continuous_backups(
        TableName=name,
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": given["enabled"], **days},
    )


def expiry(ctx: Context, name: str, inputs: Props) -> Props | None:
    """Return the expiry of items; nothing when there is none and the program asks for none."""
    found = ctx.client("dynamodb").describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    if found["TimeToLiveStatus"] in {"ENABLED", "ENABLING"}:
        return {"attributeName": found["AttributeName"], "enabled": True}
    return {"enabled": False} if "ttl" in inputs else None


def set_expiry(ctx: Context, name: str, news: Props, olds: Props | None = None) -> None:
    """Switch the expiry of items; DynamoDB refuses a switch that changes nothing."""
    before, after = (olds or {}).get("ttl", {}), news.get("ttl", {})
    if bool(before.get("enabled")) == bool(after.get("enabled")):
        return
    attribute = after.get("attributeName") or before.get("attributeName")
    ctx.client("dynamodb").update_time_to_live(
        TableName=name,
        TimeToLiveSpecification={"AttributeName": attribute, "Enabled": bool(after.get("enabled"))},
    )


def changes(olds: Props, news: Props) -> Iterator[dict[str, Any]]:
    """Yield the arguments of each UpdateTable that is needed; DynamoDB makes or drops one index at a time."""
    yield from _index_changes(olds, news)
    whole = {
        "DeletionProtectionEnabled": ("deletionProtectionEnabled", news.get("deletionProtectionEnabled", False)),
        "OnDemandThroughput": ("onDemandThroughput", calls.on_demand_maximum(news)),
        "TableClass": ("tableClass", news["tableClass"]),
    }
    changed = {api: value for api, (key, value) in whole.items() if _differ(olds, news, key)}
    if changed:
        yield changed
    if _differ(olds, news, "billingMode", "readCapacity", "writeCapacity"):
        throughput = {"ProvisionedThroughput": calls.capacity(news)}
        yield {"BillingMode": news["billingMode"], **(throughput if news["billingMode"] == calls.PROVISIONED else {})}
    if _differ(olds, news, "streamEnabled", "streamViewType"):
        if olds.get("streamEnabled") and news.get("streamEnabled"):
            yield {"StreamSpecification": {"StreamEnabled": False}}
        yield {"StreamSpecification": calls.stream(news)}
    if _differ(olds, news, "serverSideEncryption"):
        yield {"SSESpecification": calls.encryption(news)}


def _differ(olds: Props, news: Props, *keys: str) -> bool:
    return any(olds.get(key) != news.get(key) for key in keys)


def _index_changes(olds: Props, news: Props) -> Iterator[dict[str, Any]]:
    before = {index["name"]: index for index in olds.get("globalSecondaryIndexes", [])}
    after = {index["name"]: index for index in news.get("globalSecondaryIndexes", [])}
    for name in sorted(before):
        if name not in after or _is_another(before[name], after[name]):
            yield {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": name}}]}
    for name in sorted(after):
        if name not in before or _is_another(before[name], after[name]):
            made = calls.global_index(after[name], news["billingMode"])
            yield {
                "AttributeDefinitions": calls.attributes(news),
                "GlobalSecondaryIndexUpdates": [{"Create": made}],
            }
        elif _differ(before[name], after[name], "readCapacity", "writeCapacity", "onDemandThroughput"):
            yield {"GlobalSecondaryIndexUpdates": [{"Update": _index_throughput(name, after[name], news)}]}


def _is_another(before: Props, after: Props) -> bool:
    """Keys and projection of an index never change: a changed one is made anew under its name."""
    return _differ(before, after, "hashKey", "rangeKey", "projectionType", "nonKeyAttributes")


def _index_throughput(name: str, index: Props, table: Props) -> Props:
    if table["billingMode"] == calls.PROVISIONED:
        return {"IndexName": name, "ProvisionedThroughput": calls.capacity(index)}
    return {"IndexName": name, "OnDemandThroughput": calls.on_demand_maximum(index)}
