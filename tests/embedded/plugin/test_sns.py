"""Claim: topics, their policies and subscriptions are as SNS would have them."""

import json

import pytest

from leanto.embedded.plugin.resource import Props
from tests.embedded.plugin.refusals import delete, failures, read, refused, update
from tests.embedded.plugin.sample import World
from tests.embedded.plugin.samples_cloudwatch import key_for
from tests.embedded.plugin.samples_sns import FUNCTION_ARN, POLICY, SUBSCRIPTION, TOPIC, policy, topic

SUBSCRIBED = {"topic": "arn:aws:sns:eu-west-1:123456789012:alerts"}


@pytest.mark.parametrize(
    ("token", "inputs", "key", "word"),
    [
        (TOPIC, {"name": "a b"}, "name", "1 to 256"),
        (TOPIC, {"name": "alerts.fifo", "fifoTopic": True}, "fifoTopic", "False only"),
        (TOPIC, {"signatureVersion": 3}, "signatureVersion", "1, 2"),
        (TOPIC, {"tracingConfig": "On"}, "tracingConfig", "PassThrough"),
        (TOPIC, {"policy": "allow"}, "policy", "JSON"),
        (TOPIC, {"lambdaFailureFeedbackRoleArn": "arn:aws:iam::1:role/a"}, "lambdaFailureFeedbackRoleArn", "emulate"),
        (POLICY, {"arn": "a", "policy": "[]"}, "policy", "JSON object"),
        (SUBSCRIPTION, {**SUBSCRIBED, "protocol": "email", "endpoint": "nobody"}, "endpoint", "team@example.com"),
        (SUBSCRIPTION, {**SUBSCRIBED, "protocol": "lambda", "endpoint": "stop"}, "endpoint", "ARN of a function"),
        (SUBSCRIPTION, {**SUBSCRIBED, "protocol": "sms", "endpoint": "+1"}, "protocol", "email, lambda"),
        (SUBSCRIPTION, {**SUBSCRIBED, "protocol": "email", "endpoint": "a@b.c", "rawMessageDelivery": True},
         "rawMessageDelivery", "False only"),
    ],
)  # fmt: skip
def test_what_sns_or_the_box_refuses_is_refused_before_anything_is_made(
    token: str, inputs: Props, key: str, word: str
) -> None:
    assert word in failures(token, inputs)[key]


def test_a_topic_that_exists_is_not_taken_over(world: World) -> None:
    """SNS answers CreateTopic with the topic that exists, so that two programs would share one without a word."""
    world.make(TOPIC, name="alerts")
    with refused("TopicExists", "alerts"):
        world.create(TOPIC, {"name": "alerts"})


def test_encryption_reaches_the_topic_and_what_moto_drops_is_read_back(world: World) -> None:
    key = key_for(world)
    state = world.create(TOPIC, {"kmsMasterKeyId": key, "tracingConfig": "Active", "signatureVersion": 2})
    attributes = world.client("sns").get_topic_attributes(TopicArn=state.resource_id)["Attributes"]
    assert attributes["KmsMasterKeyId"] == key
    assert (state.outputs["tracingConfig"], state.outputs["signatureVersion"]) == ("Active", 2)
    assert state.outputs["owner"] == world.backend.account_id
    world.client("sns").set_topic_attributes(
        TopicArn=state.resource_id, AttributeName="KmsMasterKeyId", AttributeValue=""
    )
    seen = read(world, TOPIC, state)
    assert seen is not None
    assert seen.inputs["kmsMasterKeyId"] == "", "lost encryption is drift"
    delete(world, TOPIC, state)


def test_a_topic_policy_goes_back_to_the_one_of_every_new_topic(world: World) -> None:
    arn = topic(world)
    attributes = world.client("sns").get_topic_attributes
    before = json.loads(attributes(TopicArn=arn)["Attributes"]["Policy"])
    state = world.create(POLICY, {"arn": arn, "policy": policy(arn)})
    assert state.resource_id == arn
    assert json.loads(attributes(TopicArn=arn)["Attributes"]["Policy"]) == json.loads(policy(arn))
    delete(world, POLICY, state)
    assert json.loads(attributes(TopicArn=arn)["Attributes"]["Policy"]) == before


def test_a_policy_of_a_topic_that_is_gone_is_gone_and_deletes_quietly(world: World) -> None:
    made = world.create(TOPIC, {})
    state = world.create(POLICY, {"arn": made.resource_id, "policy": policy(made.resource_id)})
    delete(world, TOPIC, made)
    assert read(world, POLICY, state) is None
    delete(world, POLICY, state)


def test_an_address_stays_unconfirmed_and_a_function_does_not(world: World) -> None:
    arn = topic(world)
    mail = world.create(SUBSCRIPTION, {"topic": arn, "protocol": "email", "endpoint": "team@example.com"})
    function = world.create(SUBSCRIPTION, {"topic": arn, "protocol": "lambda", "endpoint": FUNCTION_ARN})
    assert (mail.outputs["pendingConfirmation"], function.outputs["pendingConfirmation"]) == (True, False)
    assert mail.resource_id.startswith(f"{arn}:")
    delete(world, SUBSCRIPTION, mail)
    delete(world, SUBSCRIPTION, function)


def test_a_filter_can_be_taken_away(world: World) -> None:
    filter_policy = json.dumps({"kind": ["budget"]})
    inputs = {"topic": topic(world), "protocol": "lambda", "endpoint": FUNCTION_ARN, "filterPolicy": filter_policy}
    state = world.create(SUBSCRIPTION, inputs)
    assert json.loads(state.outputs["filterPolicy"]) == {"kind": ["budget"]}
    state = update(world, SUBSCRIPTION, state, filterPolicy=None)
    assert "filterPolicy" not in state.outputs
    delete(world, SUBSCRIPTION, state)


def test_a_subscription_to_no_topic_is_refused(world: World) -> None:
    with pytest.raises(Exception, match="Topic does not exist"):
        world.create(SUBSCRIPTION, {**SUBSCRIBED, "protocol": "lambda", "endpoint": FUNCTION_ARN})
