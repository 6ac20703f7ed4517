"""What a stack owes those who run it: tags, and in prod somebody to tell, two zones and logs for a month."""

from collections.abc import Iterator

from catalog.rows import Catalogue
from infra.checks.tagging import OWN_TAGS, REQUIRED_TAGS, TAGS_MAXIMUM
from infra.checks.values import Check, Values
from infra.problems import Problem, closest, listed

PROD_LOG_RETENTION_DAYS = 30
PROD_ZONES = 2


def required_tags(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """The required tags are given, the program's own are not, and there are not too many."""
    del tables
    tags = values.tags
    for name in REQUIRED_TAGS:
        if name not in tags:
            remedy = closest(name, tags.keys() - set(REQUIRED_TAGS)) or f"add {name} to leanto:tags"
            yield Problem(f"leanto:tags.{name}", "its absence", f"the tags {listed(REQUIRED_TAGS)}", remedy)
    for name in sorted(tags.keys() & set(OWN_TAGS)):
        yield Problem(f"leanto:tags.{name}", "this name", "any name that the program does not set itself", "remove it")
    if len(tags) > TAGS_MAXIMUM:
        why = f"at most {TAGS_MAXIMUM} tags, as S3 takes 10 on an object and {len(OWN_TAGS)} are added"
        yield Problem("leanto:tags", f"{len(tags)} tags", why, "remove some")


def somebody_to_tell(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """In prod an alarm reaches somebody."""
    del tables
    if values.environment == "prod" and not values.alert_emails:
        allowed = "in environment prod at least one address"
        yield Problem("leanto:alertEmails", "[]", allowed, "add an address that is read")


def zones_of_prod(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """In prod the pool survives the loss of a zone."""
    del tables
    if values.environment == "prod" and values.mode != "managed" and values.availability_zone_count < PROD_ZONES:
        allowed = f"in environment prod at least {PROD_ZONES}"
        yield Problem("leanto:availabilityZoneCount", str(values.availability_zone_count), allowed, "raise it")


def logs_of_prod(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """In prod logs last long enough to look into something that was noticed late."""
    del tables
    if values.environment == "prod" and values.log_retention_days < PROD_LOG_RETENTION_DAYS:
        allowed = f"in environment prod at least {PROD_LOG_RETENTION_DAYS}"
        yield Problem("leanto:logRetentionDays", str(values.log_retention_days), allowed, "raise it")


CHECKS: tuple[Check, ...] = (required_tags, somebody_to_tell, zones_of_prod, logs_of_prod)
