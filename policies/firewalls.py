"""Reads web ACLs: what they are in front of, and what is in them."""

from collections.abc import Iterable

from policies.iam_documents import any_known
from policies.normalise import UNKNOWN
from policies.reading import Block, Unread, Value
from policies.rest_stages import API, STAGE
from policies.stack import Item, Stack

WEB_ACL = "aws:wafv2/webAcl:WebAcl"
ASSOCIATION = "aws:wafv2/webAclAssociation:WebAclAssociation"
RULE_GROUP = "aws:wafv2/ruleGroup:RuleGroup"
RULE = "aws:wafv2/webAclRule:WebAclRule"
GROUP_ASSOCIATION = "aws:wafv2/webAclRuleGroupAssociation:WebAclRuleGroupAssociation"


def protected(stack: Stack, item: Item) -> bool:
    """Tell whether a web ACL is in front of a resource. Raises Unread when none is known to be, and one could."""
    return any_known(stack.of(ASSOCIATION), lambda row: _in_front(stack, row, item))


def _in_front(stack: Stack, association: Item, item: Item) -> bool:
    found = stack.targets(association, "resourceArn", item.type, API)
    if item in found:
        return True
    if item.type != STAGE or any(row.type == STAGE for row in found):
        return False
    # The ARN of a stage is often put together from the API's id and the stage's name.
    arn = association.inputs.get("resourceArn")
    named = arn is UNKNOWN or str(arn).endswith(f"/stages/{item.props.text('stageName')}")
    return named and bool(set(found) & set(stack.targets(item, "restApi", API)))


def attached(stack: Stack, web_acl: Item) -> bool:
    """Tell whether a web ACL is in front of anything in the stack. Raises Unread when that is not known."""
    return any_known(stack.of(ASSOCIATION), lambda row: web_acl in stack.targets(row, "webAclArn", WEB_ACL))


def rules_json(item: Item, key: str) -> tuple[Value, ...]:
    """Return the rules that a resource has as one JSON text, each an object with AWS's own names."""
    value = item.props.get(key)
    if value is None:
        return ()
    return Value('{"Rules": ' + value.text() + "}", key).document().values("Rules")


def own_rules(stack: Stack, web_acl: Item) -> tuple[Block, ...]:
    """Return the rules that are resources of their own. Raises Unread when none is known, and one could be its."""
    return tuple(row.props for row in stack.linked(web_acl, RULE, by="webAclArn"))


def has_action(rule: Block) -> bool:
    """Tell whether a rule says what it does, or whether its group's rules do so."""
    return any_known(("action", "overrideAction", "Action", "OverrideAction"), lambda key: _says(rule.block(key)))


def _says(action: Block) -> bool:
    return any_known(action.keys(), action.has)


def limits_rate(stack: Stack, item: Item, rules: Iterable[Block]) -> bool:
    """Tell whether a rule limits the rate, itself or in a rule group. Raises Unread for groups of others."""
    return any_known(rules, lambda rule: _limits_rate(stack, item, rule))


def _limits_rate(stack: Stack, item: Item, rule: Block) -> bool:
    statement = rule.block("Statement" if "Statement" in rule.raw else "statement")
    if any(statement.has(key) for key in ("rateBasedStatement", "RateBasedStatement")):
        return True
    reference = next(
        (key for key in ("ruleGroupReferenceStatement", "RuleGroupReferenceStatement") if statement.has(key)), ""
    )
    if not reference:
        return False
    return _group_limits_rate(stack, item, f"{statement.at(reference)}.arn")


def groups_limit_rate(stack: Stack, associations: Iterable[Item]) -> bool:
    """Tell whether a rule group that is put into a web ACL limits the rate. Raises Unread for groups of others."""
    own = [row for row in associations if row.props.has("ruleGroupReference")]
    return any_known(own, lambda row: _group_limits_rate(stack, row, "ruleGroupReference.arn"))


def _group_limits_rate(stack: Stack, item: Item, path: str) -> bool:
    group = stack.targets(item, path, RULE_GROUP)
    if not group:
        raise Unread(path, "what the rule group holds is not in this stack")
    return any_known(group, lambda row: limits_rate(stack, row, row.props.blocks("rules")))
