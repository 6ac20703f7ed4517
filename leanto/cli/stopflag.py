"""The stop flag in a stack's table: what the stop function sets and `leanto resume` takes away."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from botocore.exceptions import ClientError

from leanto.cli.exits import CommandError, Exit
from leanto.cli.place import Place
from leanto.engine.errors import StackUnknownError
from runtime.state.attributes import from_item, to_item
from runtime.state.table import CONTROL_PARTITION, STOP_ITEM

KEY: Mapping[str, Any] = MappingProxyType(to_item({"pk": CONTROL_PARTITION, "sk": STOP_ITEM}))
TABLE_GONE = "ResourceNotFoundException"


def take_away(place: Place) -> Mapping[str, Any]:
    """Delete the flag and return what it said; empty when there was none."""
    gone = place.client("dynamodb").delete_item(
        TableName=place.outputs["table_name"], Key=dict(KEY), ReturnValues="ALL_OLD"
    )
    return _set(gone.get("Attributes"))


def refuse_while_stopped(place: Place) -> None:
    """Raise CommandError if the stack is deployed and stopped: a deployment could give the GPU group its size back."""
    flag = _read(place)
    if flag:
        raise CommandError(
            f"stack {place.stack!r} was stopped at {flag.get('at')}: {flag.get('reason')}\n"
            "A deployment could let it spend again. Find the cause, then "
            f"`leanto resume {place.options}`, then run this again.",
            Exit.PREREQUISITE,
        )


def _read(place: Place) -> Mapping[str, Any]:
    try:
        table = place.deployment.outputs().get("table_name")
    except StackUnknownError:
        return {}
    if not table:
        return {}
    try:
        found = place.client("dynamodb").get_item(TableName=table, Key=dict(KEY), ConsistentRead=True)
    except ClientError as error:
        if error.response["Error"]["Code"] != TABLE_GONE:
            raise
        return {}  # the deployment makes it anew
    return _set(found.get("Item"))


def _set(item: Mapping[str, Any] | None) -> Mapping[str, Any]:
    flag = from_item(dict(item or {}))
    return flag if flag.get("stopped") else {}
