"""Samples of SNS: topics, their policies, and subscriptions of people and functions."""

import json

from leanto.embedded.plugin.resource import Props
from tests.embedded.plugin.sample import Sample, World
from tests.embedded.plugin.samples_cloudwatch import key_for

TOPIC = "aws:sns/topic:Topic"
POLICY = "aws:sns/topicPolicy:TopicPolicy"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
FUNCTION_ARN = "arn:aws:lambda:eu-west-1:123456789012:function:stop"


def topic(world: World, name: str = "alerts") -> str:
    return str(world.make(TOPIC, name)["arn"])


def policy(arn: str, service: str = "budgets.amazonaws.com") -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sns:Publish", "Resource": arn}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _policy(world: World) -> Props:
    arn = topic(world)
    return {"arn": arn, "policy": policy(arn)}


def _rename(world: World, arn: str) -> None:
    world.client("sns").set_topic_attributes(TopicArn=arn, AttributeName="DisplayName", AttributeValue="Somebody else")


def _open_up(world: World, arn: str) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": arn}
    wide = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    world.client("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=wide)


SAMPLES = (
    Sample(
        TOPIC,
        lambda world: {
            "kmsMasterKeyId": key_for(world),
            "displayName": "Alerts",
            "tracingConfig": "Active",
            "signatureVersion": 2,
            "tags": {"severity": "page"},
        },
        update=lambda world: {
            "kmsMasterKeyId": key_for(world),
            "displayName": None,
            "tracingConfig": "PassThrough",
            "tags": {"severity": "mail"},
        },
        replace={"name": "other"},
        drift=_rename,
    ),
    Sample(
        TOPIC,
        lambda _: {"name": "alerts", "displayName": "Alerts"},
        variant="plain",
        update={"displayName": "Alarms"},
        drift=_rename,
        drifted=frozenset({"displayName"}),
    ),
    Sample(
        POLICY,
        _policy,
        update=lambda world: {"policy": policy(_its_topic(world), "cloudwatch.amazonaws.com")},
        replace={"arn": "arn:aws:sns:eu-west-1:123456789012:other"},
        drift=_open_up,
        drifted=frozenset({"policy"}),
    ),
    Sample(
        SUBSCRIPTION,
        lambda world: {"topic": topic(world), "protocol": "email", "endpoint": "team@example.com"},
        variant="email",
        replace={"endpoint": "other@example.com", "topic": "arn:aws:sns:eu-west-1:123456789012:other"},
    ),
    Sample(
        SUBSCRIPTION,
        lambda world: {"topic": topic(world), "protocol": "lambda", "endpoint": FUNCTION_ARN},
        variant="function",
        update={"filterPolicy": json.dumps({"kind": ["budget"]})},
        drift=lambda world, arn: world.client("sns").set_subscription_attributes(
            SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue=json.dumps({"kind": ["nothing"]})
        ),
        drifted=frozenset({"filterPolicy"}),
    ),
)


def _its_topic(world: World) -> str:
    return str(world.client("sns").list_topics()["Topics"][0]["TopicArn"])
