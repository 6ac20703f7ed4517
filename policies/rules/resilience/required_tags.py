"""Everything that takes tags has the team's tags, with values of the form that the team gave."""

import re
from collections.abc import Iterator, Mapping

from policies.aws_types import is_taggable
from policies.reading import Block, Unread, Value
from policies.rule import ALWAYS, NotApplicable, Outcome, Parameter, Problem, Rule, Severity, Unevaluated
from policies.stack import Item, Settings

GROUP = "aws:autoscaling/group:Group"
Tags = Mapping[str, Value]


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at the resource's own tags, over those that its provider puts on everything."""
    if item.type != GROUP and not is_taggable(item.type):
        raise NotApplicable("it takes no tags")
    patterns = dict(_pattern(row) for row in settings["patterns"])
    tags = _tags_of_group(item.props) if item.type == GROUP else _tags(item)
    missing = [name for name in settings["tags"] if name not in tags]
    if missing:
        yield Problem("tags", f"missing: {', '.join(missing)}")
    for name in sorted(tags.keys() & set(settings["tags"])):
        yield from _tag(name, tags, patterns.get(name, ".+"))


def _tags(item: Item) -> Tags:
    """Return all tags that AWS would get. Raises Unread when a map of them is unknown.

    Where `tagsAll` is there, the provider has put its default tags into it already: no other of them are added.
    """
    found: dict[str, Value] = {}
    defaults = Block(item.provider_inputs or {}, "provider")
    if item.props.get("tagsAll") is None and (value := defaults.get("defaultTags")) is not None:
        # The engine keeps a provider's objects as JSON.
        found.update(value.document().mapping("tags"))
    found.update(item.props.mapping("tagsAll"))
    found.update(item.props.mapping("tags"))
    return found


def _tags_of_group(props: Block) -> Tags:
    """Return the tags of an Auto Scaling group that its instances get too. Default tags do not reach a group."""
    found: dict[str, Value] = {}
    for tag in props.blocks("tags"):
        if tag.flag("propagateAtLaunch"):
            found[tag.text("key")] = tag.get("value") or Value("", tag.at("value"))
    return found


def _tag(name: str, tags: Tags, pattern: str) -> Iterator[Outcome]:
    try:
        if not re.fullmatch(pattern, tags[name].text()):
            yield Problem(f"tags.{name}", f"the value of the tag {name} is not of the form {pattern}")
    except Unread as error:
        yield Unevaluated(f"tags.{name}", error.reason)


def _pattern(row: str) -> tuple[str, str]:
    name, _, pattern = row.partition("=")
    return name, pattern


RULE = Rule(
    id="required-tags",
    area="resilience",
    title="Everything that takes tags has the team's tags",
    severity=Severity.MEDIUM,
    levels=ALWAYS,
    types=("*",),
    guards=("tags", "tagsAll"),
    check=check,
    rationale="Costs, budgets and owners are found by tags: what has none costs money that nobody sees.",
    fix="Set the tags on the resource, or once as default tags of the provider; on an Auto Scaling group set"
    " `propagateAtLaunch`, so that its instances have them too.",
    references={"checkov": ("CKV_AWS_153",)},
    parameters=(
        Parameter(
            "tags",
            "texts",
            ("owner", "cost-centre", "environment", "app", "data-class"),
            "Keys of the tags that everything must have.",
        ),
        Parameter(
            "patterns",
            "texts",
            (),
            "Forms of values, as KEY=PATTERN with a regular expression for the whole value.",
        ),
    ),
)
