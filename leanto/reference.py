"""Writes the generated pages under docs/reference and files of the policies: `python -m leanto.reference`."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from catalog.idle import idle_month
from catalog.pricing import Line, total
from infra import reference as settings_reference
from infra.bundles import Target
from infra.declarations import ROOT
from infra.rendering import render
from leanto import rule_page
from leanto.bundles import build
from leanto.check.cost import quantity_text, synthesised, usd_text
from leanto.check.pins import PINS
from leanto.check.project import stack_configuration
from leanto.check.results import Synthesis
from leanto.check.synthesis import synthesise
from leanto.cli.box_place import machine_settings
from leanto.cli.project import PRESETS
from leanto.embedded.plugin.describe import as_markdown
from policies import generated

FOLDER = ROOT / "docs" / "reference"
REGION = "us-east-1"
ENVIRONMENTS = ("dev", "prod")


def pages() -> Mapping[Path, str]:
    """Return the text of each generated page by its path."""
    return {
        settings_reference.PAGE: settings_reference.page(),
        FOLDER / "rules.md": _tidy(rule_page.page()),
        FOLDER / "embedded-types.md": _tidy(render("reference/embedded-types.md.j2", table=as_markdown())),
        FOLDER / "idle-cost.md": _tidy(
            render(
                "reference/idle-cost.md.j2",
                region=REGION,
                stacks=[_idle(preset, environment) for preset in PRESETS for environment in ENVIRONMENTS],
            )
        ),
        **generated.files(),
    }


def _idle(preset: str, environment: str) -> dict[str, object]:
    lines = idle_month(synthesised(_synthesis(preset, environment)), REGION)
    summed = total(lines)
    return {
        "preset": preset,
        "environment": environment,
        "low": usd_text(summed.low),
        "high": usd_text(summed.high),
        "lines": list(_rows(lines)),
    }


def _rows(lines: Iterable[Line]) -> Iterable[dict[str, str]]:
    for line in lines:
        yield {
            "item": line.item.replace("|", ", "),
            "quantity": quantity_text(line),
            "low": usd_text(line.low),
            "high": usd_text(line.high),
            "note": line.note,
            "source": ", ".join(filter(None, [line.source, str(line.date or "")])),
        }


def _synthesis(preset: str, environment: str) -> Synthesis:
    from infra import program  # noqa: PLC0415 - brings the whole SDK of AWS

    machine = machine_settings()
    here = Target(str(machine["leanto:functionArchitecture"]), str(machine["leanto:functionPython"]))
    for target in (here, replace(here, of_nodes=True)):
        build(ROOT, target, lambda _: None)
    overlay = {**machine, "leanto:environment": environment, **PINS}
    overlay["leanto:alertEmails"] = ["team@example.com"]
    values = stack_configuration(ROOT, preset, overlay)
    return synthesise(program.main, project=values.project, stack=preset, configuration=values.values)


def _tidy(text: str) -> str:
    lines = [line.rstrip() for line in text.splitlines()]
    kept = [line for number, line in enumerate(lines) if line or (number and lines[number - 1])]
    return "\n".join(kept).strip() + "\n"


def main() -> None:
    """Write the pages."""
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
