"""The reference page of the settings is what the declarations and checks say today."""

from infra.declarations import declarations
from infra.reference import PAGE, page


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write it anew with `python -m infra.reference`"


def test_every_setting_has_its_section_and_its_line() -> None:
    text = page()
    for row in declarations():
        assert f"\n## {row.key}\n\n{row.description}\n" in text
        assert f"\n| [`{row.key}`](#" in text
