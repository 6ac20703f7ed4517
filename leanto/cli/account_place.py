"""A stack on the user's own account: their credentials, their state."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from leanto.cli import screen
from leanto.cli.place import Place
from leanto.cli.project import configuration, find_root
from leanto.engine import environment

OWN_STATE = ".leanto/state"


def open_place(stack: str, state: str | None) -> Place:
    """Return the stack's place; `state` is a folder or a URL of an engine's backend, None for the usual one."""
    root = find_root()
    config = configuration(root, stack, {})
    url, why = state_url(root, state, os.environ)
    screen.say(f"state: {url or 'the login of `pulumi`'} ({why})")
    return Place(
        root=root,
        stack=stack,
        region=config["leanto:region"],
        work_dir=root / ".leanto" / "work" / stack,
        state_url=url,
        pulumi_home=None,
        environment=environment.inherited(),
        overlay={},
    )


def state_url(root: Path, chosen: str | None, environ: Mapping[str, str]) -> tuple[str | None, str]:
    """Return where the state is, and why there; None for the engine's own login.

    The same order as plain `pulumi`, with a folder of the project in the end, so that both see the same stacks.
    """
    if chosen is not None:
        is_url = "://" in chosen
        return chosen if is_url else folder_url(Path(chosen)), "as --state says"
    if environ.get("PULUMI_BACKEND_URL"):
        return environ["PULUMI_BACKEND_URL"], "as PULUMI_BACKEND_URL says"
    login = _login(environ)
    if login:
        return None, f"`pulumi login` has chosen {login}"
    return folder_url(root / OWN_STATE), "the project's own; --state names another"


def folder_url(folder: Path) -> str:
    """Return a folder as the engine's backends name it."""
    return folder.expanduser().absolute().as_uri()


def _login(environ: Mapping[str, str]) -> str:
    home = environ.get("PULUMI_HOME") or str(Path(environ.get("HOME") or Path.home()) / ".pulumi")
    try:
        return str(json.loads((Path(home) / "credentials.json").read_text()).get("current") or "")
    except (OSError, ValueError, AttributeError):
        return ""
