"""Claim: the generated pages and files say what the code says today."""

from pathlib import Path

import pytest

from leanto.reference import ROOT, pages

PAGES = (
    "docs/reference/settings.md",
    "docs/reference/embedded-types.md",
    "docs/reference/idle-cost.md",
    "docs/reference/rules.md",
    "policies/levels/dev.json",
    "policies/levels/prod.json",
    "policies/levels/eu.json",
    "policies/configuration.schema.json",
    "policies/exemptions.schema.json",
    "policies/exemptions-floor.schema.json",
)


@pytest.fixture(scope="module")
def generated() -> dict[str, str]:
    return {str(path.relative_to(ROOT)): text for path, text in pages().items()}


@pytest.mark.parametrize("page", PAGES)
def test_the_page_is_current(page: str, generated: dict[str, str]) -> None:
    assert Path(ROOT, page).read_text() == generated[page], "run `make docs`"


def test_every_generated_page_is_checked(generated: dict[str, str]) -> None:
    assert sorted(generated) == sorted(PAGES)
