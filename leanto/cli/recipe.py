"""`leanto recipe`: writes what a pipeline needs to check and deploy stacks."""

from types import MappingProxyType

import click

from infra.rendering import render
from leanto.cli import screen
from leanto.cli.exits import CommandError
from leanto.cli.project import find_root
from leanto.engine.workdir import stack_names

RECIPES = MappingProxyType(
    {
        "github": ("ci/github.yml.j2", ".github/workflows/leanto.yml"),
        "gitlab": ("ci/gitlab.yml.j2", ".gitlab-ci.yml"),
        "pre-commit": ("ci/pre-commit.yml.j2", ".pre-commit-config.yaml"),
    }
)
"""Name -> (template, the file that it is meant for)."""


@click.command(name="recipe")
@click.argument("name", type=click.Choice(list(RECIPES)))
@click.option(
    "--stack", "-s", "stacks", multiple=True, required=True, metavar="NAME", help="Stack to check; repeatable."
)
@click.option("--write", is_flag=True, help="Write the file where its reader looks for it, unless there is one.")
def command(name: str, stacks: tuple[str, ...], write: bool) -> None:
    """Print a recipe for GitHub Actions, GitLab CI or pre-commit.

    The pipelines check every change without any credential, and deploy what was merged.
    """
    root = find_root()
    known = stack_names(root)
    missing = [stack for stack in stacks if stack not in known]
    if missing:
        raise CommandError(f"there is no stack {missing[0]!r}; stacks here: {', '.join(known)}")
    template, file = RECIPES[name]
    text = render(template, stacks=list(dict.fromkeys(stacks))).strip() + "\n"
    if not write:
        screen.write(text)
        return
    path = root / file
    if path.exists():
        raise CommandError(f"{path} is there already: look at `leanto recipe {name}` and take from it what you need")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    screen.result(str(path))
