"""An alarm that changes its state tells its topics, when their policies let CloudWatch publish.

Written for moto 5.2.5, whose `CloudWatchBackend.set_alarm_state` keeps the state and does nothing else. Alarms are
still not evaluated: SetAlarmState is how tests and the box's clock make one sound.
"""

import json
import logging
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from moto.cloudwatch.models import Alarm, CloudWatchBackend
from moto.sns.models import sns_backends

from leanto.embedded.aws.policy import Decision, Question, decide

logger = logging.getLogger(__name__)

TARGET: tuple[type, str] = (CloudWatchBackend, "set_alarm_state")
_keep_state = CloudWatchBackend.set_alarm_state
_ACTIONS = MappingProxyType(
    {"ALARM": "alarm_actions", "OK": "ok_actions", "INSUFFICIENT_DATA": "insufficient_data_actions"}
)


def replacement(backend: CloudWatchBackend, alarm_name: str, reason: str, reason_data: str, state_value: str) -> None:
    """Set the state; when it changed and actions are enabled, publish to the topics of the new state."""
    before = backend.alarms[alarm_name].state_value if alarm_name in backend.alarms else ""
    _keep_state(backend, alarm_name, reason, reason_data, state_value)
    alarm = backend.alarms[alarm_name]
    if state_value == before or not alarm.actions_enabled:
        return
    for action in getattr(alarm, _ACTIONS[state_value]) or ():
        if action.split(":")[2] == "sns":
            _tell(backend.account_id, alarm, before, action)


def _tell(account_id: str, alarm: Alarm, before: str, topic_arn: str) -> None:
    sns = sns_backends[account_id][topic_arn.split(":")[3]]
    topic = sns.topics.get(topic_arn)
    if topic is None:
        logger.warning("the alarm %s cannot tell %s: there is no such topic", alarm.name, topic_arn)
    elif not _may_publish(topic.policy, topic_arn, account_id, alarm.alarm_arn):
        logger.warning(
            "the alarm %s cannot tell %s: the topic's policy does not let cloudwatch.amazonaws.com publish",
            alarm.name,
            topic_arn,
        )
    else:
        subject = f'{alarm.state_value}: "{alarm.name}" in {alarm.region_name}'
        sns.publish(json.dumps(_message(account_id, alarm, before)), arn=topic_arn, subject=subject[:100])


def _may_publish(policy: str, topic_arn: str, account_id: str, alarm_arn: str) -> bool:
    """A topic names CloudWatch, or keeps the policy it is created with: everybody on behalf of the topic's owner."""
    context = {
        "aws:sourcearn": (alarm_arn,),
        "aws:sourceaccount": (account_id,),
        "aws:sourceowner": (account_id,),
        "aws:securetransport": ("true",),
    }
    as_service = Question("sns:Publish", topic_arn, service="cloudwatch.amazonaws.com", context=context)
    as_anybody = Question("sns:Publish", topic_arn, aws_principals=frozenset({"*"}), context=context)
    decisions = {decide(policy, as_service), decide(policy, as_anybody)}
    return Decision.ALLOW in decisions and Decision.DENY not in decisions


def _message(account_id: str, alarm: Alarm, before: str) -> dict[str, Any]:
    """The message that CloudWatch publishes (user guide, "Notify users on alarm changes"), without its `Trigger`."""
    return {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": account_id,
        "AlarmArn": alarm.alarm_arn,
        "Region": alarm.region_name,
        "OldStateValue": before,
        "NewStateValue": alarm.state_value,
        "NewStateReason": alarm.state_reason,
        "StateChangeTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000",
        "AlarmActions": list(alarm.alarm_actions or ()),
        "OKActions": list(alarm.ok_actions),
        "InsufficientDataActions": list(alarm.insufficient_data_actions),
    }
