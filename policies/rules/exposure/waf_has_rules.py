"""Every web ACL does something: it has rules, each rule an action, and one of them limits the rate."""

from collections.abc import Iterator

from policies.firewalls import (
    GROUP_ASSOCIATION,
    RULE_GROUP,
    WEB_ACL,
    attached,
    groups_limit_rate,
    has_action,
    limits_rate,
    own_rules,
    rules_json,
)
from policies.firewalls import RULE as OWN_RULE
from policies.reading import Block, Value
from policies.rule import ALWAYS, NotApplicable, Outcome, Problem, Rule, Severity, each, each_item
from policies.stack import Item, Settings, Stack


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Look at web ACLs, at rule groups, and at rules that are resources."""
    del settings
    if not stack.of(WEB_ACL, RULE_GROUP, OWN_RULE):
        raise NotApplicable("the stack has no web ACL")
    yield from each_item(stack.of(WEB_ACL), lambda web_acl: _web_acl(stack, web_acl))
    yield from each_item(stack.of(RULE_GROUP), lambda group: _actions(group, "rulesJson"))
    yield from each_item(stack.of(OWN_RULE), lambda rule: _action(rule.props))


def _web_acl(stack: Stack, web_acl: Item) -> Iterator[Outcome]:
    yield from _actions(web_acl, "ruleJson")
    yield from each((web_acl,), lambda row: _filled(stack, row))


def _filled(stack: Stack, web_acl: Item) -> Iterator[Outcome]:
    rules = [value.block() for value in _rules(web_acl, "ruleJson")] + list(own_rules(stack, web_acl))
    groups = stack.linked(web_acl, GROUP_ASSOCIATION, by="webAclArn")
    if not rules and not groups:
        yield Problem("rules", "the web ACL has no rules")
    elif attached(stack, web_acl) and not (limits_rate(stack, web_acl, rules) or groups_limit_rate(stack, groups)):
        yield Problem("rules", "no rule limits the rate at which one client calls what the web ACL is in front of")


def _actions(item: Item, json_key: str) -> Iterator[Outcome]:
    yield from each(_rules(item, json_key), lambda value: _action(value.block()))


def _rules(item: Item, json_key: str) -> tuple[Value, ...]:
    return (*item.props.block_values("rules"), *rules_json(item, json_key))


def _action(rule: Block) -> Iterator[Outcome]:
    if not has_action(rule):
        yield Problem(rule.at("action"), "the rule has no action")


RULE = Rule(
    id="waf-has-rules",
    area="exposure",
    title="Web ACLs have rules that act",
    severity=Severity.MEDIUM,
    levels=ALWAYS,
    types=(WEB_ACL, RULE_GROUP, OWN_RULE),
    guards=("rules", "ruleJson", "rulesJson", "action", "overrideAction"),
    check_stack=check_stack,
    rationale="A web ACL without rules costs by the month and stops nothing; nor does one that lets anybody flood.",
    fix="Add managed rule groups, and a rule with a rate-based statement that blocks.",
    references={"checkov": ("CKV_AWS_175", "CKV_AWS_342"), "fsbp": ("WAF.10", "WAF.12")},
)
