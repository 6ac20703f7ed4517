"""The steps that preview, up, refresh, destroy and the demo share."""

import click

from catalog.tables import catalogue
from infra.targets import targets
from leanto.bundles import build
from leanto.cli import screen
from leanto.cli.exits import CommandError, Exit
from leanto.cli.place import Place
from leanto.cli.policies import Held, showing_broken, tell
from leanto.engine.changes import Result


def build_bundles(place: Place) -> None:
    """Build the bundles of a stack unless they are there and as new as their sources."""
    for target in targets(place.settings, catalogue()):
        build(place.root, target, lambda line: screen.say(f"bundles: {line}"))


def preview(place: Place, held: Held | None = None, *, in_full: bool = False) -> Result:
    """Preview, and show each change with the properties that change, and what the policies say.

    Nothing is changed. `in_full` shows what only advises row by row. Raises PoliciesBrokenError.
    """
    with screen.showing("preview") as view, showing_broken(held):
        previewed = place.deployment.preview(view, held.pack if held else None)
    for change in previewed.changed:
        if change.type.startswith(screen.AWS):
            screen.say(screen.change_line(change))
    screen.say(f"preview: {_future(previewed)} ({previewed.duration_seconds:.1f} s)")
    if held is not None:
        tell(previewed.violations, held, in_full=in_full)
    return previewed


def up(place: Place, previewed: Result, held: Held | None = None) -> Result:
    """Deploy, showing each resource as it is done. Raises PoliciesBrokenError at the resource that breaks a policy."""
    with screen.showing("up", len(previewed.changed)) as view, showing_broken(held):
        done = place.deployment.up(view, held.pack if held else None)
    screen.say(f"up: {screen.summary(done)} ({done.duration_seconds:.1f} s)")
    return done


def destroy(place: Place, *, each_change: bool = True) -> Result:
    """Delete every resource, showing each as it goes unless told otherwise."""
    with screen.showing("destroy", each_change=each_change) as view:
        done = place.deployment.destroy(view)
    screen.say(f"destroy: {screen.summary(done)} ({done.duration_seconds:.1f} s)")
    return done


def confirm(question: str, *, agreed: bool) -> None:
    """Ask the person unless `agreed`; raises CommandError where nobody can be asked, Abort on a no."""
    if agreed:
        return
    if not screen.is_terminal():
        raise CommandError(f"{question} Nobody can be asked here: say yes with --yes.", Exit.PREREQUISITE)
    click.confirm(question, abort=True, err=True)


def _future(previewed: Result) -> str:
    counts = previewed.counts()
    told = [f"{counts[name]} to {name}" for name in ("create", "update", "replace", "delete") if name in counts]
    return ", ".join(told) or "no change"
