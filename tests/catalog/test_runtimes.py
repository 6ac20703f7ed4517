"""Until when AWS supports each runtime of Lambda."""

import datetime as dt
import re
from importlib.util import find_spec
from pathlib import Path

from catalog.runtimes import DATE, DEPRECATIONS


def test_each_runtime_that_the_installed_pulumi_aws_names_has_a_date() -> None:
    spec = find_spec("pulumi_aws")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    enums = Path(spec.submodule_search_locations[0]) / "lambda_" / "_enums.py"
    named = set(re.findall(r'^    [A-Z0-9_]+ = "([a-z][a-z0-9.]*)"$', enums.read_text(encoding="utf-8"), re.MULTILINE))
    assert {"python3.13", "provided.al2023"} <= named
    assert sorted(named - DEPRECATIONS.keys()) == []


def test_the_table_is_in_the_order_of_its_dates_and_knows_today() -> None:
    days = list(DEPRECATIONS.values())
    assert days == sorted(days)
    assert days[0] < DATE < days[-1]
    assert DEPRECATIONS["python3.9"] == dt.date(2025, 12, 15)
