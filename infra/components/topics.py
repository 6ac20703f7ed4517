"""The two topics: one tells people, one stops the stack."""

import hashlib
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.key_policies import budget_source_arn
from infra.naming import Names
from infra.permissions import Statement, allow, document, tls_only


@dataclass(frozen=True)
class TopicsArgs:
    """Settings of the topics."""

    names: Names
    key_arn: pulumi.Input[str]
    alert_emails: tuple[str, ...]


class Topics(pulumi.ComponentResource):
    """Encrypted topics to which only this account's alarms and budgets, and its permitted roles, publish."""

    alert_arn: pulumi.Output[str]
    stop_arn: pulumi.Output[str]

    def __init__(self, name: str, args: TopicsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("leanto:infra:Topics", name, None, opts)
        self.alert_arn = self._topic(f"{name}-alert", args)
        self.stop_arn = self._topic(f"{name}-stop", args)
        for address in args.alert_emails:
            # Named by a hash, so that taking an address out of the list leaves the others' subscriptions alone.
            suffix = hashlib.sha256(address.encode()).hexdigest()[:8]
            aws.sns.TopicSubscription(
                f"{name}-email-{suffix}",
                topic=self.alert_arn,
                protocol="email",
                endpoint=address,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({"alertArn": self.alert_arn, "stopArn": self.stop_arn})

    def _topic(self, name: str, args: TopicsArgs) -> pulumi.Output[str]:
        topic = aws.sns.Topic(name, kms_master_key_id=args.key_arn, opts=pulumi.ResourceOptions(parent=self))
        aws.sns.TopicPolicy(
            f"{name}-policy",
            arn=topic.arn,
            policy=pulumi.Output.json_dumps(topic_policy(args.names, topic.arn)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return topic.arn


def topic_policy(names: Names, topic_arn: pulumi.Input[str]) -> dict[str, object]:
    """Return the policy of a topic: alarms and budgets of this account publish, and nobody without TLS."""
    return document(
        _publisher("Alarms", "cloudwatch.amazonaws.com", names.arn("cloudwatch", "alarm:*"), names, topic_arn),
        _publisher("Budgets", "budgets.amazonaws.com", budget_source_arn(names), names, topic_arn),
        tls_only(("sns:Publish",), (topic_arn,)),
    )


def _publisher(sid: str, service: str, source: str, names: Names, topic_arn: pulumi.Input[str]) -> Statement:
    return allow(
        sid,
        ("sns:Publish",),
        (topic_arn,),
        principal={"Service": service},
        condition={
            "StringEquals": {"aws:SourceAccount": names.place.account_id},
            "ArnLike": {"aws:SourceArn": source},
        },
    )
