"""A stack on AWS in a box: a home folder with log, engine home, work folder, and a state that ends with the box."""

import json
import platform
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from leanto.check.pins import PINS
from leanto.cli import screen
from leanto.cli.account_place import folder_url
from leanto.cli.exits import CommandError, Exit
from leanto.cli.image import image_id
from leanto.cli.place import Place, aws_client
from leanto.cli.project import configuration, find_root, read_settings
from leanto.embedded.box import Box
from leanto.embedded.instances.artefacts import artefact_settings
from leanto.engine import environment

ROUTES = "leanto:routes"
ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "arm64": "arm64", "aarch64": "arm64"}


def default_home(root: Path, stack: str) -> Path:
    """Return where a stack's box lives unless the user says otherwise."""
    return root / ".leanto" / "box" / stack


def open_place(
    stack: str,
    home: Path | None = None,
    *,
    start: bool,
    watch_pid: int | None = None,
    overlay: Mapping[str, object] | None = None,
) -> Place:
    """Return the stack's place in its box, which is started first when `start` says so and none runs.

    `overlay` wins over what the box sets itself. Raises CommandError when no box runs and none may be started.
    """
    root = find_root()
    given = dict(overlay or {})
    config = configuration(root, stack, given)
    region = config["leanto:region"]
    # Wrong settings are told before a box is started for nothing; what is pinned is known only afterwards.
    read_settings(root, stack, {**machine_settings(), **PINS, **given})
    folder = home or default_home(root, stack)
    box = Box.attach(folder, on_progress=screen.say)
    if box is None:
        if not start:
            raise CommandError(
                f"no box runs for stack {stack!r} in {folder}, so nothing is deployed there.\n"
                f"Deploy it with `leanto up --stack {stack} --embedded`.",
                Exit.PREREQUISITE,
            )
        box = Box.start(folder, region=region, watch_pid=watch_pid, on_progress=lambda line: screen.say(f"box: {line}"))
    return Place(
        root=root,
        stack=stack,
        region=region,
        work_dir=folder / "work",
        state_url=folder_url(_state_folder(folder, box)),
        pulumi_home=folder / "pulumi",
        environment=environment.isolated(box.environment()),
        overlay=_settled(_box_settings(box, config), given),
        box=box,
    )


def _settled(own: dict[str, object], given: Mapping[str, object]) -> dict[str, object]:
    """Return the box's settings with those given on top; the box's routes are made from given ones already."""
    return {**own, **given, **({ROUTES: own[ROUTES]} if ROUTES in own else {})}


def _state_folder(home: Path, box: Box) -> Path:
    """Return this box's state folder; states of earlier boxes go, for what they tell of ended with those boxes."""
    states = home / "state"
    mine = states / f"{re.sub(r'[^0-9]', '', box.started_at)[:14]}-{box.pid}"
    for other in states.iterdir() if states.is_dir() else ():
        if other != mine:
            screen.say("box: a new one: what an earlier box held has ended with it, and its state is deleted")
            shutil.rmtree(other, ignore_errors=True)
    mine.mkdir(parents=True, exist_ok=True)
    return mine


def machine_settings() -> dict[str, object]:
    """Return what a box needs otherwise than an account because its functions and nodes run on this machine."""
    machine = platform.machine().lower()
    if machine not in ARCHITECTURES:
        raise CommandError(f"AWS in a box runs on x86_64 and arm64 processors, this machine is {machine}")
    architecture, python = ARCHITECTURES[machine], f"{sys.version_info.major}.{sys.version_info.minor}"
    return {
        "leanto:functionArchitecture": architecture,
        "leanto:functionPython": python,
        "leanto:gpuNodeArchitecture": architecture,
        "leanto:gpuNodePython": python,
    }


def _box_settings(box: Box, config: Mapping[str, str]) -> dict[str, object]:
    """Return what a box needs otherwise than an account: this machine's Python, the box's providers and images."""
    routes, allowed = json.loads(config["leanto:routes"]), json.loads(config["leanto:providersAllowed"])
    providers = {*allowed, *(route["provider"] for route in routes if route.get("provider"))}
    settings = machine_settings()
    if any(route.get("guardrail") for route in routes):
        # Guardrails are asked where Bedrock is, which is the stand-in here.
        providers.add("bedrock")
        settings["leanto:providersAllowed"] = sorted({*allowed, "bedrock"})
    settings["leanto:providerBaseUrls"] = dict.fromkeys(sorted(providers), f"{box.provider_url}/v1")
    if config["leanto:mode"] != "managed":
        settings["leanto:gpuAmiId"] = image_id(aws_client("ssm", config["leanto:region"], box))
        settings.update(artefact_settings(config))
    return settings
