"""`aws:sns/topic:Topic` and `aws:sns/topicPolicy:TopicPolicy`."""

import json
import re
from types import MappingProxyType

from leanto.embedded.plugin import tags
from leanto.embedded.plugin.emulated import EmulatedResource, Problems, one_of
from leanto.embedded.plugin.errors import RefusedError, absent, creating
from leanto.embedded.plugin.resource import AutoName, Context, Props, Resource
from leanto.embedded.plugin.values import same_document

MISSING = ("NotFound", "NotFoundException")
NAME = re.compile(r"[A-Za-z0-9_-]{1,256}")
ATTRIBUTES = MappingProxyType(
    {
        "deliveryPolicy": "DeliveryPolicy",
        "displayName": "DisplayName",
        "kmsMasterKeyId": "KmsMasterKeyId",
        "policy": "Policy",
    }
)
DEFAULT_ACTIONS = (
    "GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic", "Subscribe",
    "ListSubscriptionsByTopic", "Publish",
)  # fmt: skip


class Topic(EmulatedResource):
    """A standard topic. Moto drops the tracing mode and the signature version."""

    token = "aws:sns/topic:Topic"
    replace_on = frozenset({"fifoTopic", "name"})
    computed = frozenset({"arn", "beginningArchiveTime", "namePrefix", "owner", "policy", "signatureVersion"})
    auto_name = AutoName(max_length=256)
    taggable = True
    defaults = MappingProxyType({"contentBasedDeduplication": False, "fifoTopic": False})
    fixed = MappingProxyType({"contentBasedDeduplication": False, "fifoTopic": False})
    accepts = frozenset({"name", "signatureVersion", "tags", "tracingConfig", *ATTRIBUTES})
    json_documents = frozenset({"deliveryPolicy", "policy"})
    side_stored = frozenset({"signatureVersion", "tracingConfig"})

    def validate(self, inputs: Props) -> Problems:
        """Return what SNS or the box refuses."""
        problems = [
            *super().validate(inputs),
            *one_of(inputs, "signatureVersion", (1, 2)),
            *one_of(inputs, "tracingConfig", ("Active", "PassThrough")),
            *document_problems(inputs, ("deliveryPolicy", "policy")),
        ]
        name = inputs.get("name")
        if name is not None and not NAME.fullmatch(name):
            problems.append(("name", f"is {name!r}, SNS takes 1 to 256 letters, digits, - and _"))
        return problems

    def create(self, ctx: Context, inputs: Props) -> str:
        """Create the topic; SNS would quietly hand out one that exists, which the official provider refuses."""
        client, name = ctx.client("sns"), str(inputs["name"])
        if _attributes(ctx, topic_arn(ctx, name)) is not None:
            raise RefusedError("TopicExists", f"the topic {name!r} exists: choose another name, or leave it out")
        arn = str(client.create_topic(Name=name, Tags=tags.as_list(inputs.get("tagsAll") or {}))["TopicArn"])
        with creating(arn, undo=lambda: client.delete_topic(TopicArn=arn)):
            self.keep(ctx, arn, inputs)
            _set_changed(ctx, arn, {}, inputs)
        return arn

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the topic."""
        found = _attributes(ctx, resource_id)
        if found is None:
            return None
        shown = {key: found.get(api, "") for key, api in ATTRIBUTES.items()}
        listed = ctx.client("sns").list_tags_for_resource(ResourceArn=resource_id)["Tags"]
        return (
            {key: value for key, value in shown.items() if value or key in inputs}
            | {"signatureVersion": 0}
            | self.kept(ctx, resource_id)
            | {
                "arn": resource_id,
                "beginningArchiveTime": "",
                "contentBasedDeduplication": False,
                "fifoTopic": False,
                "name": resource_id.rpartition(":")[2],
                "namePrefix": "",
                "owner": found["Owner"],
                "tagsAll": tags.as_map(listed),
            }
        )

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Change attributes and tags."""
        client = ctx.client("sns")
        _set_changed(ctx, resource_id, olds, news)
        self.keep(ctx, resource_id, news)
        removed, added = tags.changes(olds, news)
        if removed:
            client.untag_resource(ResourceArn=resource_id, TagKeys=removed)
        if added:
            client.tag_resource(ResourceArn=resource_id, Tags=tags.as_list(added))

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Delete the topic with its subscriptions."""
        del outputs
        with absent(*MISSING):
            ctx.client("sns").delete_topic(TopicArn=resource_id)


class TopicPolicy(EmulatedResource):
    """Who may publish to a topic. Without it the topic has the policy that SNS gives to each new one."""

    token = "aws:sns/topicPolicy:TopicPolicy"
    replace_on = frozenset({"arn"})
    computed = frozenset({"owner"})
    required = frozenset({"arn", "policy"})
    accepts = frozenset({"arn", "policy"})
    json_documents = frozenset({"policy"})

    def validate(self, inputs: Props) -> Problems:
        """Return what SNS refuses."""
        return super().validate(inputs) + document_problems(inputs, ("policy",))

    def create(self, ctx: Context, inputs: Props) -> str:
        """Set the policy of the topic."""
        self.update(ctx, inputs["arn"], {}, inputs)
        return str(inputs["arn"])

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the policy; where the topic has the one of every new topic, this one is gone."""
        del inputs
        found = _attributes(ctx, resource_id)
        if found is None or same_document(found["Policy"], default_policy(resource_id, found["Owner"])):
            return None
        return {"arn": resource_id, "owner": found["Owner"], "policy": found["Policy"]}

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Set the policy of the topic."""
        del olds
        client = ctx.client("sns")
        client.set_topic_attributes(TopicArn=resource_id, AttributeName="Policy", AttributeValue=news["policy"])

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Put the policy of every new topic back, as the official provider does."""
        del outputs
        found = _attributes(ctx, resource_id)
        if found is not None:
            ctx.client("sns").set_topic_attributes(
                TopicArn=resource_id,
                AttributeName="Policy",
                AttributeValue=default_policy(resource_id, found["Owner"]),
            )


def topic_arn(ctx: Context, name: str) -> str:
    """Return the ARN of a topic."""
    return f"arn:{ctx.partition}:sns:{ctx.region}:{ctx.account_id}:{name}"


def default_policy(arn: str, owner: str) -> str:
    """Return the policy that SNS gives to a new topic: everything to the owner's account, nothing to others."""
    statement = {
        "Effect": "Allow",
        "Sid": "__default_statement_ID",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in DEFAULT_ACTIONS],
        "Resource": arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": owner}},
    }
    return json.dumps({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]})


def document_problems(inputs: Props, keys: tuple[str, ...]) -> Problems:
    """Return the problems of inputs that must be JSON objects and are not."""
    return [(key, "must be a JSON object") for key in keys if inputs.get(key) and not _is_object(inputs[key])]


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _attributes(ctx: Context, arn: str) -> Props | None:
    with absent(*MISSING):
        attributes: Props = ctx.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]
        return attributes
    return None


def _set_changed(ctx: Context, arn: str, olds: Props, news: Props) -> None:
    client = ctx.client("sns")
    for key, api in ATTRIBUTES.items():
        if olds.get(key) != news.get(key):
            unset = default_policy(arn, ctx.account_id) if key == "policy" else ""
            client.set_topic_attributes(TopicArn=arn, AttributeName=api, AttributeValue=news.get(key) or unset)


RESOURCES: tuple[Resource, ...] = (Topic(), TopicPolicy())
