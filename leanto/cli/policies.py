"""Holds a run of the engine to the policies, and shows what they say of it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Group

from leanto.check.findings import Finding, in_order
from leanto.check.reports.table import section
from leanto.cli import screen
from leanto.cli.check_rules import configuration as configuration_of
from leanto.cli.exits import CommandError
from leanto.cli.place import Place
from leanto.cli.project import configuration
from leanto.engine import policypack
from leanto.engine.errors import PoliciesBrokenError, Violation
from leanto.engine.policypack import PolicyPack
from policies.configuration import as_document
from policies.pack import BY_ID, RULES
from policies.profiles import is_weaker, profile_of
from policies.rule import Level
from policies.runner import Verdict
from policies.telling import Kind, Told
from policies.telling import read as told_of


@dataclass(frozen=True)
class Held:
    """What a run is held to, and how the stack is named in a command to type next."""

    profile: str
    pack: PolicyPack
    stack: str


def hold(place: Place, profile: str | None, file: Path | None) -> Held:
    """Return what a stack is held to: `profile`, else the one that its environment asks for.

    Raises CommandError for a profile weaker than that one, ConfigurationError for a wrong file.
    """
    own = profile_of(configuration(place.root, place.stack, place.overlay))
    if profile is not None and is_weaker(profile, own):
        raise CommandError(
            f"--profile {profile} is weaker than {own}, which the settings of stack {place.stack!r} ask for "
            "(leanto:environment, leanto:residency). Give a stricter one, or none; `leanto check` tries any."
        )
    chosen = profile or own
    effective = configuration_of(file, chosen)
    pack = policypack.prepare(
        place.work_dir / "policies", place.engine, as_document(effective), root=place.root, profile=chosen
    )
    enabled = sum(level is not Level.DISABLED for level in effective.levels.values())
    screen.say(f"policies: profile {chosen}, {enabled} of {len(RULES)} rules, configuration {effective.sha256[:12]}")
    return Held(chosen, pack, place.stack)


@contextmanager
def showing_broken(held: Held | None) -> Iterator[None]:
    """Show what the policies said when they stop the run in the block."""
    try:
        yield
    except PoliciesBrokenError as error:
        if held is not None:
            tell(error.violations, held, in_full=False)
        raise


def tell(violations: Iterable[Violation], held: Held, *, in_full: bool) -> None:
    """Show what the policies said: what stops the run row by row, the rest too if `in_full`, else counted by rule."""
    rows = [(seen, _told(seen)) for seen in violations]
    shown = [(seen, told) for seen, told in rows if seen.rule in BY_ID and told.kind in {Kind.VIOLATION, Kind.UNREAD}]
    findings = in_order((_finding(seen, told) for seen, told in shown), held.profile)
    broken = tuple(row for row in findings if row.blocks(held.profile))
    advice = tuple(row for row in findings if row not in broken)
    screen.say(Group(*section("Stops the deployment", broken)))
    if in_full:
        screen.say(Group(*section("Does not stop it", advice)))
    elif advice:
        counts = Counter(row.rule.id for row in advice)
        listed = ", ".join(f"{name} ({count})" if count > 1 else name for name, count in sorted(counts.items()))
        screen.say(f"policies: advice of {len(counts)} rules: {listed}; `leanto preview --stack {held.stack}` shows it")
    for seen, told in rows:
        if told.kind in {Kind.EXEMPT, Kind.NOTE, Kind.PENDING}:
            about = f"{told.path}: " if told.path else ""
            rule = f"{seen.rule}: " if seen.rule in BY_ID else ""
            screen.say(f"policies: {rule}{told.kind.value}: {about}{told.message}")


def _told(seen: Violation) -> Told:
    title = BY_ID[seen.rule].title if seen.rule in BY_ID else seen.message.partition("\n")[0]
    return told_of(seen.message.removeprefix(f"{title}\n"))


def _finding(seen: Violation, told: Told) -> Finding:
    parts = seen.urn.split("::")
    about = (seen.urn, parts[2].rpartition("$")[2], parts[3]) if len(parts) > 3 else ("", "", "")
    level = Level.MANDATORY if seen.mandatory else Level.ADVISORY
    verdict = Verdict.NOT_EVALUATED if told.kind is Kind.UNREAD else Verdict.FAIL
    return Finding(BY_ID[seen.rule], level, verdict, told.path, told.message, *about)
