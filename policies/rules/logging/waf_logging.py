"""Every web ACL logs what it sees, without the header that callers prove themselves by."""

from collections.abc import Iterator

from policies.firewalls import WEB_ACL
from policies.iam_documents import any_known
from policies.reading import Block
from policies.rule import ADVISORY, NotApplicable, Outcome, Problem, Rule, Severity, each_item
from policies.stack import Item, Settings, Stack

LOGGING = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"
HEADER = "authorization"


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Look at web ACLs, and at what their logs leave out."""
    del settings
    if not stack.of(WEB_ACL, LOGGING):
        raise NotApplicable("the stack has no web ACL")
    yield from each_item(stack.of(WEB_ACL), lambda web_acl: _logged(stack, web_acl))
    yield from each_item(stack.of(LOGGING), lambda logging: _redacted(stack, logging))


def _logged(stack: Stack, web_acl: Item) -> Iterator[Outcome]:
    if not stack.linked(web_acl, LOGGING, by="resourceArn"):
        yield Problem("", "nothing logs what the web ACL sees")


def _redacted(stack: Stack, logging: Item) -> Iterator[Outcome]:
    if any_known(logging.props.block_values("redactedFields"), lambda value: _header(value.block())):
        return
    web_acl = stack.target(logging, "resourceArn", WEB_ACL)
    if web_acl is None or not _protected(web_acl):
        yield Problem("redactedFields", "the log holds the header authorization, and with it the callers' keys")


def _header(field: Block) -> bool:
    return field.block("singleHeader").text("name").strip().lower() == HEADER


def _protected(web_acl: Item) -> bool:
    """Tell whether a web ACL hides the header from every log of its own accord."""
    config = web_acl.props.block("dataProtectionConfig")
    return any_known(config.block_values("dataProtections"), lambda value: _hides(value.block().block("field")))


def _hides(field: Block) -> bool:
    if field.text("fieldType").strip().upper() != "SINGLE_HEADER":
        return False
    keys = {key.strip().lower() for key in field.texts("fieldKeys")}
    return not keys or HEADER in keys


RULE = Rule(
    id="waf-logging",
    area="logging",
    title="Web ACLs log, without callers' keys",
    severity=Severity.LOW,
    levels=ADVISORY,
    types=(WEB_ACL, LOGGING),
    guards=("redactedFields", "dataProtectionConfig"),
    check_stack=check_stack,
    rationale="The log of a web ACL tells of attacks, and holds all headers of each request unless told otherwise.",
    fix="Add `aws.wafv2.WebAclLoggingConfiguration` with the header authorization among `redactedFields`.",
    references={"checkov": ("CKV2_AWS_31",), "fsbp": ("WAF.11",)},
)
