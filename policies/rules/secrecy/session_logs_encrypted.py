"""Sessions on nodes are encrypted with a key of one's own and leave an encrypted log; no document is public."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from policies.reading import Block, Unread, Value
from policies.rule import ADVISORY, Outcome, Problem, Rule, Severity, each
from policies.stack import Item, Settings

LOGS = (("s3BucketName", "s3EncryptionEnabled"), ("cloudWatchLogGroupName", "cloudWatchEncryptionEnabled"))
"""Where logs of sessions go, and the flag that says whether they are encrypted there."""

STREAM = "Standard_Stream"
"""The type of session whose document holds preferences; those of others only say what is run."""


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at whom the document is shared with, and at the settings of sessions."""
    del settings
    yield from each((item.props,), _shared)
    if item.props.text("documentType").lower() != "session":
        return
    content = _content(item.props)
    if content.text("sessionType", STREAM) == STREAM:
        yield from _session(content.block("inputs"))


def _shared(props: Block) -> Iterator[Outcome]:
    permissions = {name.replace("_", "").lower(): value for name, value in props.mapping("permissions").items()}
    accounts = permissions.get("accountids")
    if accounts and any("all" in value.text().lower().replace(",", " ").split() for value in accounts.values()):
        yield Problem(accounts.path, "the document is shared with every account")


def _session(inputs: Block) -> Iterator[Outcome]:
    if not inputs.text("kmsKeyId"):
        yield Problem(inputs.at("kmsKeyId"), "sessions are not encrypted with a key")
    logs = [(name, flag) for name, flag in LOGS if inputs.text(name)]
    if not logs:
        yield Problem("content", "sessions leave no log in a bucket or log group")
    yield from (
        Problem(inputs.at(flag), "the log of sessions is not encrypted") for name, flag in logs if not inputs.flag(flag)
    )


def _content(props: Block) -> Block:
    value = props.get("content")
    if value is None:
        raise Unread("content", "the document has no content")
    content = value.known()
    parsed = content if isinstance(content, Mapping) else _parsed(value.text())
    return Value(parsed, "content").block()


def _parsed(text: str) -> Any:
    try:
        return json.loads(text) if text.lstrip().startswith("{") else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError):
        raise Unread("content", "the document is neither JSON nor YAML") from None


RULE = Rule(
    id="session-logs-encrypted",
    area="secrecy",
    title="Sessions are encrypted and logged",
    severity=Severity.MEDIUM,
    levels=ADVISORY,
    types=("aws:ssm/document:Document",),
    guards=("content", "permissions"),
    check=check,
    rationale="What people type and see in a session on a node is as sensitive as the node itself.",
    fix="Set kmsKeyId and a bucket or log group with encryption in the inputs of the session document, and share no"
    " document with all.",
    references={"checkov": ("CKV_AWS_112", "CKV_AWS_113", "CKV_AWS_303"), "fsbp": ("SSM.4",)},
)
