"""S3: the lifecycle rules of a bucket."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from leanto.embedded.plugin import tags
from leanto.embedded.plugin.resource import Context, Props, Resource
from leanto.embedded.plugin.resources.s3_settings import BucketSetting, Problems

ACTIONS = frozenset(
    {
        "abortIncompleteMultipartUpload", "expiration", "noncurrentVersionExpiration", "noncurrentVersionTransitions",
        "transitions",
    }
)  # fmt: skip
DROPPED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "rules.noncurrentVersionExpiration.newerNoncurrentVersions": (
            "noncurrentVersionExpiration",
            "newerNoncurrentVersions",
        ),
        "rules.filter.and.objectSizeGreaterThan": ("filter", "and", "objectSizeGreaterThan"),
        "rules.filter.and.objectSizeLessThan": ("filter", "and", "objectSizeLessThan"),
    }
)
"""What moto drops of each rule, by the name under which it is kept, with its place in the rule."""
SMALLEST = "transitionDefaultMinimumObjectSize"
SMALLEST_DEFAULT = "all_storage_classes_128K"


class Lifecycle(BucketSetting):
    """All lifecycle rules of a bucket."""

    token = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
    accepts = frozenset({"bucket", "rules", SMALLEST})
    required = frozenset({"bucket", "rules"})
    unordered = frozenset({"rules"})
    computed = frozenset({SMALLEST})
    missing = ("NoSuchLifecycleConfiguration",)
    side_stored = frozenset({*DROPPED, SMALLEST})

    def validate(self, inputs: Props) -> Problems:
        """Return what S3 refuses in the rules."""
        found, seen = super().validate(inputs), set()
        for rule in inputs.get("rules", []):
            name = rule.get("id", "")
            found += [("rules", f"rule {name!r} {problem}") for problem in _rule_problems(rule)]
            if name in seen:
                found.append(("rules", f"two rules have the id {name!r}"))
            seen.add(name)
        return found

    def put(self, ctx: Context, bucket: str, inputs: Props) -> None:
        """Put all rules, and keep what moto drops of them."""
        ctx.client("s3").put_bucket_lifecycle_configuration(
            Bucket=bucket,
            LifecycleConfiguration={"Rules": [_rule(rule) for rule in inputs["rules"]]},
            TransitionDefaultMinimumObjectSize=inputs.get(SMALLEST, SMALLEST_DEFAULT),
        )
        kept: Props = {SMALLEST: inputs[SMALLEST]} if SMALLEST in inputs else {}
        for name, place in DROPPED.items():
            values = {rule["id"]: _at(rule, place) for rule in inputs["rules"]}
            kept[name] = {rule_id: value for rule_id, value in values.items() if value is not None}
        ctx.side.put(self.token, bucket, {name: value for name, value in kept.items() if value})

    def get(self, ctx: Context, bucket: str, inputs: Props) -> Props | None:
        """Return all rules with what was kept of them."""
        found = ctx.client("s3").get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
        kept = self.kept(ctx, bucket)
        rules = [_props(rule) for rule in found]
        filtered = {rule["id"] for rule in inputs.get("rules", []) if rule.get("filter")}
        for rule in rules:
            if rule["id"] in filtered:
                # S3 answers for "all objects" with an empty prefix, whether the program wrote one or no filter at all.
                rule.setdefault("filter", {"prefix": ""})
        for name, place in DROPPED.items():
            for rule in rules:
                _restore(rule, place, kept.get(name, {}).get(rule["id"]))
        return {"rules": rules, SMALLEST: kept.get(SMALLEST, SMALLEST_DEFAULT)}

    def remove(self, ctx: Context, bucket: str) -> None:
        """Remove all rules."""
        ctx.client("s3").delete_bucket_lifecycle(Bucket=bucket)


def _rule_problems(rule: Props) -> list[str]:
    found = []
    if rule.get("status") not in {"Enabled", "Disabled"}:
        found.append(f"has the status {rule.get('status')!r}, S3 takes Enabled and Disabled")
    if not any(rule.get(action) for action in ACTIONS):
        found.append(f"does nothing: give one of {', '.join(sorted(ACTIONS))}")
    if len(rule.get("filter", {})) > 1:
        found.append("has more than one condition in its filter: put them into 'and'")
    expiration = rule.get("expiration", {})
    if expiration.get("expiredObjectDeleteMarker") and expiration.keys() & {"days", "date"}:
        found.append("expires delete markers and objects at once, which S3 wants as two rules")
    return found


def _at(rule: Any, place: tuple[str, ...]) -> Any:
    for step in place:
        rule = rule.get(step) if isinstance(rule, Mapping) else None
    return rule


def _restore(rule: Props, place: tuple[str, ...], value: Any) -> None:
    """Put a kept value back, as long as the rule still has the part that it belongs to."""
    *path, last = place
    part = _at(rule, tuple(path))
    if value is not None and isinstance(part, dict):
        part[last] = value


def _rule(rule: Props) -> Props:
    spelt = {_api_name(key): _spell(value) for key, value in rule.items() if key not in {"filter", "prefix"}}
    if "prefix" in rule and "filter" not in rule:
        return spelt | {"Prefix": rule["prefix"]}
    return spelt | {"Filter": _filter(rule.get("filter", {}))}


def _filter(given: Props) -> Props:
    spelt: Props = {_api_name(key): _spell(value) for key, value in given.items() if key not in {"and", "tag"}}
    if "tag" in given:
        spelt["Tag"] = _spell(given["tag"])
    if "and" in given:
        both = given["and"]
        spelt["And"] = _spell({key: value for key, value in both.items() if key != "tags"})
        if "tags" in both:
            spelt["And"]["Tags"] = tags.as_list(both["tags"])
    return spelt or {"Prefix": ""}


def _spell(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {_api_name(key): _spell(item) for key, item in value.items()}
    return [_spell(item) for item in value] if isinstance(value, list) else value


def _api_name(key: str) -> str:
    return "ID" if key == "id" else key[:1].upper() + key[1:]


def _props(rule: Props) -> Props:
    props: Props = {_name(key): _unspell(value) for key, value in rule.items() if key != "Filter"}
    found = rule.get("Filter", {})
    given: Props = {
        _name(key): _unspell(value) for key, value in found.items() if key != "And" and value not in ("", None)
    }
    if "And" in found:
        given["and"] = {_name(key): _unspell(value) for key, value in found["And"].items() if key != "Tags"}
        if "Tags" in found["And"]:
            given["and"]["tags"] = tags.as_map(found["And"]["Tags"])
    return props | ({"filter": given} if given else {})


def _unspell(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {_name(key): _unspell(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_unspell(item) for item in value]
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if hasattr(value, "strftime") else value


def _name(key: str) -> str:
    return "id" if key == "ID" else key[:1].lower() + key[1:]


RESOURCES: tuple[Resource, ...] = (Lifecycle(),)
