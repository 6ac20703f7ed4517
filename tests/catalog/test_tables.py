"""Claim: the shipped tables are sound, sourced and dated, and a wrong data file is refused by file, row and key."""

import datetime as dt
import re
import shutil
from dataclasses import FrozenInstanceError
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import botocore.session
import pytest

from catalog.reading import CatalogueError
from catalog.rows import Catalogue
from catalog.tables import catalogue, load

DATA = Path(str(files("catalog") / "data"))
COLLECTED = dt.date(2026, 11, 25)
"""The day on which the figures were last collected: no row may be younger."""


def dated_rows(tables: Catalogue) -> list[tuple[str, dt.date]]:
    named = {
        **{f"instance {row.type}": row.date for row in tables.instances.values()},
        **{f"price {row.instance_type} {row.region}": row.date for row in tables.instance_prices.values()},
        **{f"unit {row.item}": row.date for row in tables.unit_prices.values()},
        **{f"free {row.item}": row.date for row in tables.free_quotas.values()},
        **{f"provider {row.name}": row.date for row in tables.providers.values()},
        **{f"managed {row.provider} {row.model}": row.date for row in tables.managed_models.values()},
        **{f"open {row.id}": row.date for row in tables.open_models.values()},
        **{f"licence {row.id}": row.date for row in tables.licences.values()},
        **{f"gpu {row.name}": row.date for row in tables.gpus.values()},
        **{f"measured {row.key}": row.date for row in tables.measurements.values()},
    }
    return list(named.items())


def test_no_row_is_younger_than_its_collection_or_older_than_three_years() -> None:
    strays = [name for name, date in dated_rows(catalogue()) if not dt.date(2023, 11, 23) <= date <= COLLECTED]
    assert strays == []


def test_every_region_named_is_one_that_botocore_knows_for_ec2() -> None:
    tables = catalogue()
    named = {region for _, region in tables.instance_prices} | {
        region for row in tables.unit_prices.values() for region in row.usd
    }
    assert named - set(botocore.session.get_session().get_available_regions("ec2")) == set()


def test_every_instance_type_is_one_that_botocore_knows() -> None:
    shape = botocore.session.get_session().get_service_model("ec2").shape_for("InstanceType")
    assert set(catalogue().instances) - set(shape.enum) == set()


def test_every_instance_type_has_a_price_somewhere_and_vcpus_that_fit_its_size() -> None:
    tables = catalogue()
    assert {kind for kind, _ in tables.instance_prices} == set(tables.instances)
    vcpus = {"xlarge": 4, "2xlarge": 8, "4xlarge": 16, "12xlarge": 48}
    assert {kind: row.vcpus for kind, row in tables.instances.items()} == {
        kind: vcpus[kind.split(".")[1]] for kind in tables.instances
    }


def test_gpu_memory_is_what_one_gpu_of_the_kind_has() -> None:
    by_gpu: dict[str, set[int]] = {}
    for row in catalogue().instances.values():
        by_gpu.setdefault(row.gpu, set()).add(row.gpu_memory_mib)
    assert by_gpu == {
        "T4": {15360},
        "A10G": {23028},
        "L4": {23034},
        "L40S": {46068},
        "RTX PRO 6000 Blackwell Server": {97887},
    }


def test_prices_are_exact_decimals() -> None:
    tables = catalogue()
    assert tables.instance_prices["g6.xlarge", "us-east-1"].on_demand_usd_per_hour == Decimal("0.8048")
    assert tables.unit_prices["lambda.duration-arm64"].usd["us-east-1"] == Decimal("0.0000133334")


def test_a_model_of_each_provider_but_the_custom_one_is_priced() -> None:
    tables = catalogue()
    assert {name for name in tables.providers if not tables.models_of(name)} == {"custom"}


def test_the_longest_answer_of_each_managed_model_is_known() -> None:
    """Without it a request that sets no maximum of its own has no highest price, and is refused."""
    rows = catalogue().managed_models.items()
    unknown = {key for key, row in rows if row.maximum_output_tokens is None}
    assert unknown == {key for key, row in rows if row.api == "embeddings"}, "those write no answer"


def test_prices_that_depend_on_the_prompts_size_or_the_cache_stand_in_the_table() -> None:
    """A price that is left out is money that no budget sees."""
    models = catalogue().managed_models
    for key in (
        ("openai", "gpt-6-luna"),
        ("openai", "gpt-6.1-terra"),
        ("openai", "gpt-6-sol"),
        ("azure", "gpt-6-luna"),
    ):
        row = models[key]
        assert row.tier_above_input_tokens == 272_000
        assert row.tier_input_usd_per_million == 2 * row.input_usd_per_million
        assert row.tier_output_usd_per_million == row.output_usd_per_million * Decimal("1.5")
        assert row.cache_write_usd_per_million == row.input_usd_per_million * Decimal("1.25")
        assert row.tier_cached_input_usd_per_million == 2 * row.cached_input_usd_per_million
        assert row.tier_cache_write_usd_per_million == 2 * row.cache_write_usd_per_million


def test_some_model_of_openai_azure_and_google_outlives_the_next_year() -> None:
    horizon = COLLECTED + dt.timedelta(days=365)
    for provider in ("openai", "azure", "google"):
        lasting = [m.model for m in catalogue().models_of(provider) if m.shuts_down is None or m.shuts_down > horizon]
        assert lasting, provider


def test_the_known_shut_downs_stand_in_the_table() -> None:
    ends = {key: row.shuts_down for key, row in catalogue().managed_models.items()}
    assert ends["openai", "gpt-5-mini"] == dt.date(2026, 12, 11)
    assert ends["openai", "gpt-4o-mini"] == dt.date(2027, 1, 14)
    assert ends["azure", "gpt-4o-mini"] == dt.date(2027, 4, 14)
    assert ends["google", "gemini-2.5-flash"] == dt.date(2026, 12, 1)
    assert ends["openai", "gpt-6-luna"] is None


def test_tables_and_rows_cannot_be_changed() -> None:
    tables = catalogue()
    with pytest.raises(TypeError):
        tables.instances["g6.xlarge"] = tables.instances["g5.xlarge"]  # type: ignore[index]
    with pytest.raises(FrozenInstanceError):
        tables.instances["g6.xlarge"].vcpus = 1  # type: ignore[misc]
    with pytest.raises(TypeError):
        tables.unit_prices["kms.key"].usd["us-east-1"] = Decimal(0)  # type: ignore[index]


WRONG = {
    "price of zero": ("instances.toml", "on_demand_usd_per_hour = 0.526", "on_demand_usd_per_hour = 0.0", "above zero"),
    "negative unit price": ("unit_prices.toml", "us-east-1 = 0.08,", "us-east-1 = -0.08,", "above zero"),
    "no date": ("instances.toml", "date = 2026-01-31\n", "", "date is missing"),
    "impossible date": ("instances.toml", "date = 2026-07-20", "date = 2026-07-32", "not TOML"),
    "date as text": ("providers.toml", "date = 2026-11-23", 'date = "2026-11-23"', "must be a date"),
    "empty source": ("instances.toml", 'source = "specification"', 'source = ""', "source must be text"),
    "unknown source": (
        "instances.toml",
        'source = "specification"',
        'source = "hearsay"',
        "'hearsay' is not described",
    ),
    "unused source": ("models.toml", "[sources]\n", '[sources]\nspare = "x"\n', "'spare' is used by no row"),
    "unknown key": ("instances.toml", "vcpus = 4\n", "vcpu = 4\n", "unknown key 'vcpu'"),
    "number as text": ("instances.toml", "vcpus = 4\n", 'vcpus = "4"\n', "vcpus must be a whole number"),
    "unknown region": ("unit_prices.toml", "us-east-1 = 0.08,", "us-esat-1 = 0.08,", "is no AWS region"),
    "unknown unit": ("unit_prices.toml", 'unit = "GiB-month"', 'unit = "GiB-moon"', "unit must be one of"),
    "duplicate": ("instances.toml", 'type = "g4dn.2xlarge"', 'type = "g4dn.xlarge"', "stands there twice"),
    "gpu without memory": ("instances.toml", "gpu_memory_mib = 15360\n", "", "gpu_memory_mib is missing"),
    "spot without date": ("instances.toml", "spot_date = 2026-01-01\n", "", "spot price needs its source and date"),
    "spot dearer": ("instances.toml", "spot_usd_per_hour = 0.202\n", "spot_usd_per_hour = 2.02\n", "dearer than on"),
    "half a tier": ("providers.toml", "tier_above_input_tokens = 272000\n", "", "a tier needs its limit"),
    "price of no tier": (
        "providers.toml",
        "maximum_output_tokens = 16384\n",
        "tier_cached_input_usd_per_million = 1\n",
        "prices of a tier need the tier's limit",
    ),
    "no answer": ("providers.toml", "maximum_output_tokens = 16384", "maximum_output_tokens = 0", "above zero"),
    "images without source": (
        "providers.toml",
        "image_tokens = 36000\nhigh_detail",
        "high_detail",
        "needs image_tokens",
    ),
    "images without date": ("providers.toml", "image_date = 2026-11-25\n", "", "needs image_source and image_date"),
    "dearer detail": (
        "providers.toml",
        "detail_image_tokens = 3000",
        "detail_image_tokens = 36001",
        "more than image_",
    ),
    "unknown endpoint": ("providers.toml", '"responses"]', '"replies"]', "endpoints must be one of"),
    "endpoints without source": ("providers.toml", "endpoints_date = 2026-11-25\n", "", "need endpoints_source"),
    "surcharge": ("providers.toml", "surcharge_percent = 10", "surcharge_percent = 101", "must be 0 to 100"),
    "unknown provider": ("providers.toml", 'provider = "azure"', 'provider = "azur"', "the provider is not listed"),
    "unencrypted": ("providers.toml", '"https://api.openai.com/v1"', '"http://api.openai.com/v1"', "begin with https"),
    "unknown authentication": ("providers.toml", 'auth = "api-key"', 'auth = "basic"', "auth must be one of"),
    "free quota in another unit": (
        "unit_prices.toml",
        'quantity = 10\nunit = "alarm-month"',
        'quantity = 10\nunit = "report"',
        "counted in report",
    ),
}


@pytest.mark.parametrize(("file", "old", "new", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_data_file_is_refused(tmp_path: Path, file: str, old: str, new: str, message: str) -> None:
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder)
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1))
    with pytest.raises(CatalogueError, match=re.escape(message)) as caught:
        load(folder)
    assert file in str(caught.value) or "is wrong" in str(caught.value)
