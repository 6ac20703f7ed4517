"""Runs every check between settings and returns what all of them find."""

from collections.abc import Iterator, Mapping
from typing import Any

from catalog.rows import Catalogue
from infra.checks import bedrock, content, endpoints, operation, pool, routing, serving
from infra.checks.values import Check, UnreadError, Values
from infra.problems import Problem, shown

CHECKS: tuple[Check, ...] = (
    *routing.CHECKS,
    *endpoints.CHECKS,
    *bedrock.CHECKS,
    *content.CHECKS,
    *pool.CHECKS,
    *serving.CHECKS,
    *operation.CHECKS,
)


def problems(values: Mapping[str, Any], raw: Mapping[str, object], tables: Catalogue) -> Iterator[Problem]:
    """Yield what is wrong between the settings that could be read; `raw` also holds those of other namespaces."""
    read = Values(values)
    for check in (*CHECKS, _one_region(raw)):
        try:
            yield from tuple(check(read, tables))
        except UnreadError:
            continue


def _one_region(raw: Mapping[str, object]) -> Check:
    """Refuse an `aws:region` that says something else: this program does not read it, and a user may think so."""

    def check(values: Values, tables: Catalogue) -> Iterator[Problem]:
        del tables
        other = raw.get("aws:region", values.region)
        if other != values.region:
            remedy = "remove aws:region from the stack's configuration and set leanto:region"
            yield Problem("aws:region", shown(other), f"the value of leanto:region, {values.region}, or none", remedy)

    return check
