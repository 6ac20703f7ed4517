"""`aws:sns/topicSubscription:TopicSubscription` of a person by email or of a function."""

import re
from types import MappingProxyType

from leanto.embedded.plugin.emulated import EmulatedResource, Problems, one_of
from leanto.embedded.plugin.errors import absent
from leanto.embedded.plugin.resource import Context, Props, Resource
from leanto.embedded.plugin.resources.sns_topic import MISSING, document_problems

ENDPOINTS = MappingProxyType(
    {
        "email": (re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"), "an address such as team@example.com"),
        "lambda": (re.compile(r"arn:[^:]+:lambda:[^:]+:\d{12}:function:.+"), "the ARN of a function"),
    }
)
"""Protocol, what its endpoint looks like, and how to say it."""
NO_FILTER = "{}"
SCOPES = ("MessageAttributes", "MessageBody")


class TopicSubscription(EmulatedResource):
    """A subscription. Nobody reads mail in the box: one by email stays unconfirmed, as it is at first in AWS."""

    token = "aws:sns/topicSubscription:TopicSubscription"
    replace_on = frozenset({"endpoint", "protocol", "topic"})
    computed = frozenset({"arn", "confirmationWasAuthenticated", "ownerId", "pendingConfirmation"})
    required = frozenset({"endpoint", "protocol", "topic"})
    defaults = MappingProxyType(
        {"confirmationTimeoutInMinutes": 1, "endpointAutoConfirms": False, "rawMessageDelivery": False}
    )
    fixed = MappingProxyType({"rawMessageDelivery": False})
    input_only = frozenset({"confirmationTimeoutInMinutes", "endpointAutoConfirms"})
    accepts = input_only | {"endpoint", "filterPolicy", "filterPolicyScope", "protocol", "topic"}
    json_documents = frozenset({"filterPolicy"})

    def validate(self, inputs: Props) -> Problems:
        """Return what SNS or the box refuses; moto takes any endpoint."""
        problems = [
            *super().validate(inputs),
            *one_of(inputs, "protocol", tuple(ENDPOINTS)),
            *one_of(inputs, "filterPolicyScope", SCOPES),
            *document_problems(inputs, ("filterPolicy",)),
        ]
        pattern, wanted = ENDPOINTS.get(inputs.get("protocol", ""), (None, ""))
        endpoint = inputs.get("endpoint")
        if pattern and endpoint is not None and not pattern.fullmatch(endpoint):
            problems.append(("endpoint", f"is not {wanted}, which {inputs['protocol']} needs"))
        return problems

    def create(self, ctx: Context, inputs: Props) -> str:
        """Subscribe."""
        attributes = {"FilterPolicy": inputs.get("filterPolicy"), "FilterPolicyScope": inputs.get("filterPolicyScope")}
        made = ctx.client("sns").subscribe(
            TopicArn=inputs["topic"],
            Protocol=inputs["protocol"],
            Endpoint=inputs["endpoint"],
            Attributes={key: value for key, value in attributes.items() if value},
            ReturnSubscriptionArn=True,
        )
        return str(made["SubscriptionArn"])

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the subscription."""
        found: Props = {}
        with absent(*MISSING):
            found = ctx.client("sns").get_subscription_attributes(SubscriptionArn=resource_id)["Attributes"]
        if not found:
            return None
        by_mail = found["Protocol"] == "email"
        policy = found.get("FilterPolicy", NO_FILTER)
        has_filter = policy != NO_FILTER or "filterPolicy" in inputs
        return {
            "arn": resource_id,
            "confirmationWasAuthenticated": not by_mail and found["ConfirmationWasAuthenticated"] == "true",
            "endpoint": found["Endpoint"],
            "filterPolicy": policy if has_filter else None,
            "filterPolicyScope": found.get("FilterPolicyScope") if "filterPolicyScope" in inputs else None,
            "ownerId": found["Owner"],
            "pendingConfirmation": by_mail or found["PendingConfirmation"] == "true",
            "protocol": found["Protocol"],
            "rawMessageDelivery": found["RawMessageDelivery"] == "true",
            "topic": found["TopicArn"],
        }

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Change the filter."""
        wanted = {
            "FilterPolicy": (olds.get("filterPolicy"), news.get("filterPolicy"), NO_FILTER),
            "FilterPolicyScope": (olds.get("filterPolicyScope"), news.get("filterPolicyScope"), SCOPES[0]),
        }
        for name, (old, new, unset) in wanted.items():
            if old != new:
                ctx.client("sns").set_subscription_attributes(
                    SubscriptionArn=resource_id, AttributeName=name, AttributeValue=new or unset
                )

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Unsubscribe."""
        del outputs
        with absent(*MISSING):
            ctx.client("sns").unsubscribe(SubscriptionArn=resource_id)


RESOURCES: tuple[Resource, ...] = (TopicSubscription(),)
