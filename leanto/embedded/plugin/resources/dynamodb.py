"""DynamoDB: tables."""

from types import MappingProxyType
from typing import Any

from leanto.embedded.plugin import dynamodb_calls as calls
from leanto.embedded.plugin import dynamodb_state as state
from leanto.embedded.plugin import tags
from leanto.embedded.plugin.emulated import EmulatedResource, one_of
from leanto.embedded.plugin.errors import absent, creating
from leanto.embedded.plugin.kept import outside
from leanto.embedded.plugin.resource import AutoName, Context, Props, Resource

GONE = "ResourceNotFoundException"
RECOVERY_DAYS = (1, 35)
INDEX_MAXIMA = "globalSecondaryIndexes.onDemandThroughput"
INDEX_FIELDS = frozenset(
    {
        "hashKey", "name", "nonKeyAttributes", "onDemandThroughput", "projectionType", "rangeKey", "readCapacity",
        "writeCapacity",
    }
)  # fmt: skip
Problems = list[tuple[str, str]]


class Table(EmulatedResource):
    """A table; its id is its name."""

    token = "aws:dynamodb/table:Table"
    taggable = True
    auto_name = AutoName()
    accepts = frozenset(
        {
            "attributes", "billingMode", "deletionProtectionEnabled", "globalSecondaryIndexes", "hashKey",
            "localSecondaryIndexes", "name", "onDemandThroughput", "pointInTimeRecovery", "rangeKey", "readCapacity",
            "serverSideEncryption", "streamEnabled", "streamViewType", "tableClass", "tags", "ttl", "writeCapacity",
        }
    )  # fmt: skip
    required = frozenset({"attributes", "hashKey"})
    defaults = MappingProxyType({"billingMode": calls.PROVISIONED, "tableClass": "STANDARD"})
    unordered = frozenset({"attributes", "globalSecondaryIndexes", "localSecondaryIndexes"})
    replace_on = frozenset({"hashKey", "localSecondaryIndexes", "name", "rangeKey"})
    computed = frozenset(
        {"arn", "pointInTimeRecovery", "readCapacity", "streamArn", "streamLabel", "streamViewType", "writeCapacity"}
    )
    recomputed = MappingProxyType(
        {key: frozenset({"streamEnabled", "streamViewType"}) for key in ("streamArn", "streamLabel", "streamViewType")}
        | {key: frozenset({"billingMode"}) for key in ("readCapacity", "writeCapacity")}
    )
    computed_fields = frozenset({"pointInTimeRecovery.recoveryPeriodInDays", "serverSideEncryption.kmsKeyArn"})
    side_stored = frozenset({"onDemandThroughput", "serverSideEncryption", "tableClass", INDEX_MAXIMA})

    def validate(self, inputs: Props) -> Problems:
        """Return what DynamoDB refuses."""
        found = super().validate(inputs)
        found += one_of(inputs, "billingMode", (calls.ON_DEMAND, calls.PROVISIONED))
        found += one_of(inputs, "tableClass", ("STANDARD", "STANDARD_INFREQUENT_ACCESS"))
        days = inputs.get("pointInTimeRecovery", {}).get("recoveryPeriodInDays")
        if outside(days, *RECOVERY_DAYS):
            found.append(("pointInTimeRecovery", f"recoveryPeriodInDays is {days}, DynamoDB allows 1 to 35"))
        if inputs.get("streamEnabled") and "streamViewType" not in inputs:
            found.append(("streamViewType", "is needed when streamEnabled is true"))
        return found + _throughput_problems(inputs) + _attribute_problems(inputs) + _index_problems(inputs)

    def equivalent(self, key: str, old: Any, new: Any) -> bool:
        """Tell whether both switch the expiry of items off: AWS then forgets the attribute."""
        return key == "ttl" and not old.get("enabled") and not new.get("enabled")

    def create(self, ctx: Context, inputs: Props) -> str:
        """Create the table with its indexes, then what DynamoDB sets apart."""
        name, mode = str(inputs["name"]), inputs["billingMode"]
        indexes = {
            "GlobalSecondaryIndexes": [
                calls.global_index(index, mode) for index in inputs.get("globalSecondaryIndexes", [])
            ],
            "LocalSecondaryIndexes": [
                calls.local_index(index, inputs["hashKey"]) for index in inputs.get("localSecondaryIndexes", [])
            ],
        }
        ctx.client("dynamodb").create_table(
            TableName=name,
            AttributeDefinitions=calls.attributes(inputs),
            KeySchema=calls.key_schema(inputs),
            BillingMode=mode,
            TableClass=inputs["tableClass"],
            DeletionProtectionEnabled=inputs.get("deletionProtectionEnabled", False),
            SSESpecification=calls.encryption(inputs),
            Tags=tags.as_list(inputs["tagsAll"]),
            **({"StreamSpecification": calls.stream(inputs)} if inputs.get("streamEnabled") else {}),
            **({"ProvisionedThroughput": calls.capacity(inputs)} if mode == calls.PROVISIONED else {}),
            **({"OnDemandThroughput": calls.on_demand_maximum(inputs)} if "onDemandThroughput" in inputs else {}),
            **{key: value for key, value in indexes.items() if value},
        )
        with creating(name):
            self._keep(ctx, inputs)
            state.set_recovery(ctx, name, inputs)
            state.set_expiry(ctx, name, inputs)
        return name

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the table with what was kept of it."""
        client = ctx.client("dynamodb")
        with absent(GONE):
            found = client.describe_table(TableName=resource_id)["Table"]
            pairs = client.list_tags_of_resource(ResourceArn=found["TableArn"])["Tags"]
            kept = self.kept(ctx, resource_id)
            outputs = state.described(found) | {
                "onDemandThroughput": kept.get("onDemandThroughput"),
                "pointInTimeRecovery": state.recovery(ctx, resource_id),
                "serverSideEncryption": state.encryption(found, kept),
                "tableClass": kept.get("tableClass", "STANDARD"),
                "tagsAll": tags.as_map(pairs),
                "ttl": state.expiry(ctx, resource_id, inputs),
            }
            for index in outputs["globalSecondaryIndexes"]:
                maximum = kept.get(INDEX_MAXIMA, {}).get(index["name"])
                index.update({"onDemandThroughput": maximum} if maximum else {})
            return self.shown(inputs, outputs)
        return None

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Change what may change in place, in as many calls as DynamoDB wants."""
        client = ctx.client("dynamodb")
        for change in state.changes(olds, news):
            client.update_table(TableName=resource_id, **change)
        self._keep(ctx, news)
        if olds.get("pointInTimeRecovery") != news.get("pointInTimeRecovery"):
            state.set_recovery(ctx, resource_id, news)
        if olds.get("ttl") != news.get("ttl"):
            state.set_expiry(ctx, resource_id, news, olds)
        arn = client.describe_table(TableName=resource_id)["Table"]["TableArn"]
        removed, added = tags.changes(olds, news)
        if removed:
            client.untag_resource(ResourceArn=arn, TagKeys=removed)
        if added:
            client.tag_resource(ResourceArn=arn, Tags=tags.as_list(added))

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Delete the table; one that is protected is refused."""
        del outputs
        with absent(GONE):
            ctx.client("dynamodb").delete_table(TableName=resource_id)

    def _keep(self, ctx: Context, inputs: Props) -> None:
        maxima = {
            index["name"]: index["onDemandThroughput"]
            for index in inputs.get("globalSecondaryIndexes", [])
            if "onDemandThroughput" in index
        }
        self.keep(ctx, inputs["name"], {**inputs, **({INDEX_MAXIMA: maxima} if maxima else {})})


def _throughput_problems(inputs: Props) -> Problems:
    mode = inputs.get("billingMode")
    wrong = ("readCapacity", "writeCapacity") if mode == calls.ON_DEMAND else ("onDemandThroughput",)
    found = [(key, f"does not go with billingMode {mode}: leave it out") for key in wrong if inputs.get(key)]
    if mode == calls.PROVISIONED:
        found += [
            (key, f"is needed with billingMode {mode}, and at least 1")
            for key in ("readCapacity", "writeCapacity")
            if inputs.get(key, 0) < 1
        ]
    return found


def _attribute_problems(inputs: Props) -> Problems:
    if not {"attributes", "hashKey"} <= inputs.keys():
        return []
    declared = {attribute["name"] for attribute in inputs["attributes"]}
    return [
        ("attributes", f"lack {name!r}, which is a key") for name in sorted(calls.key_attributes(inputs) - declared)
    ]


def _index_problems(inputs: Props) -> Problems:
    return [
        ("globalSecondaryIndexes", f"AWS in a box does not emulate {field!r} of an index")
        for index in inputs.get("globalSecondaryIndexes", [])
        for field in sorted(index.keys() - INDEX_FIELDS)
    ]


RESOURCES: tuple[Resource, ...] = (Table(),)
