"""Each wrong setting is told with its key, its value and what would be right: all at once, none by a traceback."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.rows import Catalogue
from catalog.tables import catalogue
from infra.declarations import declarations, project_defaults, stack_values
from infra.problems import Problem, SettingsError
from infra.settings import READERS, Settings, field_name, read_settings
from tests.infra.synthesised import PINNED, PRESETS
from tests.infra.wrong_settings import AWQ, GPU, OWN_SERVER, PROD, ROUTE, TAGS, WRONG, pool

DEFAULTS = project_defaults()


def settings(tables: Catalogue | None = None, /, **changes: Any) -> Settings:
    """Read the defaults with some settings changed, all by their key without the namespace."""
    return read_settings({**DEFAULTS, "leanto:tags": TAGS, **{f"leanto:{k}": v for k, v in changes.items()}}, tables)


def problem_keys(tables: Catalogue | None = None, /, **changes: Any) -> set[str]:
    """Return the keys of the problems that changed settings have."""
    try:
        settings(tables, **changes)
    except SettingsError as error:
        return {problem.key.removeprefix("leanto:") for problem in error.problems}
    return set()


def test_the_defaults_lack_nothing_but_the_required_tags() -> None:
    """Who a stack belongs to is nothing that can have a default."""
    with pytest.raises(SettingsError) as caught:
        read_settings(project_defaults())
    assert [problem.key for problem in caught.value.problems] == [
        "leanto:tags.owner",
        "leanto:tags.cost-centre",
        "leanto:tags.data-class",
    ]


@pytest.mark.parametrize("preset", PRESETS)
def test_each_preset_is_valid_once_its_pins_are_there(preset: str) -> None:
    read = read_settings({**stack_values(preset), **PINNED})
    assert read.mode == preset
    assert read.has_pool is (preset != "managed")


@pytest.mark.parametrize("preset", ["gpu", "hybrid"])
def test_a_pool_without_its_pins_is_told_the_commands_that_write_them(preset: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(stack_values(preset))
    remedies = {problem.key: problem.remedy for problem in caught.value.problems}
    assert set(remedies) == set(PINNED)
    assert "leanto ami pin" in remedies.pop("leanto:gpuAmiId")
    assert all("leanto engine-image pin" in remedy for remedy in remedies.values())


@pytest.mark.parametrize(("changes", "keys"), WRONG.values(), ids=WRONG)
def test_a_wrong_setting_has_exactly_its_problem(changes: Mapping[str, Any], keys: set[str]) -> None:
    assert problem_keys(**changes) == keys


@pytest.mark.parametrize(("changes", "keys"), WRONG.values(), ids=WRONG)
def test_texts_as_pulumi_hands_them_over_have_the_same_problem(changes: Mapping[str, Any], keys: set[str]) -> None:
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in changes.items()}
    assert problem_keys(**texts) == keys


def test_instance_types_of_two_architectures_are_refused() -> None:
    """They would share one machine image. The catalogue has one architecture today, so the case is made up."""
    arm = replace(catalogue().instances["g6.xlarge"], type="g9g.xlarge", architecture="arm64")
    price = replace(catalogue().instance_prices["g6.xlarge", "us-east-1"], instance_type="g9g.xlarge")
    tables = replace(
        catalogue(),
        instances={**catalogue().instances, "g9g.xlarge": arm},
        instance_prices={**catalogue().instance_prices, ("g9g.xlarge", "us-east-1"): price},
    )
    assert problem_keys(tables, **GPU, gpuInstanceTypes=["g6.xlarge", "g9g.xlarge"]) == {"gpuInstanceTypes"}
    assert problem_keys(tables, **GPU, gpuInstanceTypes=["g9g.xlarge"]) == set()


@pytest.mark.parametrize(
    ("residency", "region", "model", "stays"),
    [
        ("eu", "eu-central-1", "eu.x.y", True),
        ("eu", "eu-central-1", "x.y", True),
        ("eu", "eu-central-1", "global.x.y", False),
        ("eu", "eu-central-1", "us.x.y", False),
        ("us", "us-east-1", "us.x.y", True),
        ("us", "us-east-1", "eu.x.y", False),
        ("any", "us-east-1", "global.x.y", True),
    ],
)
def test_a_model_that_may_run_elsewhere_is_refused(residency: str, region: str, model: str, stays: bool) -> None:
    """Bedrock says by the beginning of a model's id where it may run it."""
    row = replace(next(iter(catalogue().models_of("bedrock"))), model=model, api="chat-completions")
    tables = replace(catalogue(), managed_models={("bedrock", model): row})
    route = {"model": "a", "provider": "bedrock", "providerModel": model}
    found = problem_keys(tables, residency=residency, region=region, providersAllowed=["bedrock"], routes=[route])
    assert found == (set() if stays else {"routes[0].providerModel"})


def test_every_setting_has_a_wrong_value_among_the_cases() -> None:
    tried = {key.partition("[")[0].partition(".")[0] for _, keys in WRONG.values() for key in keys}
    assert tried - {"monthlyCap"} == set(READERS)


RIGHT: dict[str, dict[str, Any]] = {
    "vLLM with its model": AWQ,
    "an accepted licence": {
        **pool("llama-3.1-8b-instruct-q4_k_m"),
        "licencesAccepted": ["LicenseRef-llama3.1"],
    },
    "as many slots as fit": {**GPU, "gpuSlots": 16},
    "slots as a text": {**GPU, "gpuSlots": "16"},
    "a long context for one request": {**GPU, "gpuContextTokens": 131072, "gpuSlots": 1},
    "a GPU of which no speed is known": {**GPU, "gpuInstanceTypes": ["g7e.2xlarge"]},
    "a pool's settings are of no account in managed": {"gpuContextTokens": 1_000_000, "gpuEngine": "vllm"},
    "loopback": {"providerBaseUrls": {"openai": "http://127.0.0.1:4000/v1"}},
    "loopback with residency": {
        "residency": "eu",
        "region": "eu-west-1",
        "providerBaseUrls": {"openai": "http://[::1]:4000/v1"},
    },
    "the EU": {"residency": "eu", "region": "eu-central-1"},
    "azure with its URL": {
        "providersAllowed": ["azure"],
        "routes": [{"model": "a", "provider": "azure", "providerModel": "gpt-6-luna"}],
        "providerBaseUrls": {"azure": "https://r.openai.azure.com/openai/v1"},
    },
    "any model of a server of one's own": {
        "providersAllowed": ["custom"],
        "routes": [{**OWN_SERVER, "inputUsdPerMillion": 0, "outputUsdPerMillion": 0.25}],
        "providerBaseUrls": {"custom": "https://llm.example.com/v1"},
    },
    "nothing to spend": {"monthlySpendUsd": 0},
    "providers are of no account in gpu": {**GPU, "providersAllowed": ["nobody"]},
    "a hybrid route to the pool only": {**GPU, "mode": "hybrid"},
    "prod": {**PROD},
    "an image with a short id": {**GPU, "gpuAmiId": "ami-12345678"},
    "seven tags": {"tags": {**TAGS, **{f"t{n}": "x" for n in range(4)}}},
}


@pytest.mark.parametrize("changes", RIGHT.values(), ids=RIGHT)
def test_right_settings_have_no_problem(changes: Mapping[str, Any]) -> None:
    assert problem_keys(**changes) == set()


def test_all_problems_are_told_at_once() -> None:
    """A problem of one setting does not hide that of another, nor one item of a list the next."""
    routes = [{"model": "a", "provider": "opnai", "providerModel": "x"}, {"model": "b", "typo": 1}, "no object"]
    found = problem_keys(
        mode="hybrid",
        routes=routes,
        gpuAmiId="x",
        gpuEngineImage="y",
        gpuInstanceTypes=["y", "g6.xlarg"],
        tags={},
        monthlyCapUsd=0,
    )
    assert found == {
        "routes[0].provider",
        "routes[1].typo",
        "routes[2]",
        "gpuAmiId",
        "gpuEngineImage",
        "gpuEngineArchiveSha256",
        "gpuInstanceTypes[0]",
        "gpuInstanceTypes[1]",
        "tags.owner",
        "tags.cost-centre",
        "tags.data-class",
        "monthlyCapUsd",
    }


def test_a_message_has_key_value_allowed_values_and_remedy() -> None:
    with pytest.raises(SettingsError) as caught:
        settings(gpuMaximumNodes=0)
    text = str(caught.value)
    assert "leanto:gpuMaximumNodes: 0 is not allowed" in text
    assert "Allowed: a whole number from 1 to 50" in text
    assert "Remedy: correct leanto:gpuMaximumNodes in the stack's Pulumi.<stack>.yaml" in text


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ({"mode": "manged"}, "managed"),
        ({"region": "eu-centrl-1"}, "eu-central-1"),
        ({"monthlyCapUSD": 1}, "monthlyCapUsd"),
        ({"routes": [{**ROUTE, "provider": "opnai"}]}, "openai"),
        ({"routes": [{**ROUTE, "providerModel": "gpt6-luna"}]}, "gpt-6-luna"),
        ({**GPU, "gpuInstanceTypes": ["g6.xlarg"]}, "g6.xlarge"),
        ({"tags": {"owner": "a", "cost-center": "b", "data-class": "c"}}, "cost-center"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_near_miss_is_told_what_may_have_been_meant(changes: Mapping[str, Any], hint: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings(**changes)
    assert f"did you mean {hint}" in str(caught.value)


def test_what_does_not_fit_is_told_with_its_numbers_and_a_way_out() -> None:
    """2.5 GB of weights, 20 times 8192 tokens of 144 KiB, and the engine, on the 23028 MiB of an A10G."""
    with pytest.raises(SettingsError) as caught:
        settings(**GPU, gpuSlots=20)
    text = str(caught.value)
    assert "leanto:gpuSlots: 20 is not allowed. Allowed: at most 16" in text
    assert "takes 26.3 GiB (2.3 weights, 22.5 for 20 x 8192 tokens, 1.5 the engine), and g5.xlarge has 22.5" in text
    assert "lower it to 16, or leanto:gpuContextTokens to 6794" in text


def test_a_restricted_licence_is_told_with_its_terms_before_it_is_accepted() -> None:
    with pytest.raises(SettingsError) as caught:
        settings(**pool("llama-3.1-8b-instruct-q4_k_m"))
    text = str(caught.value)
    assert "LicenseRef-llama3.1" in text
    assert "above 700 million monthly active users a licence from Meta is needed" in text
    assert "https://github.com/meta-llama/" in text


CANARY = "sk-proj-abcdEFGH0123456789ijklMNOP"


@pytest.mark.parametrize(
    "changes",
    [
        {"openaiApiKey": CANARY},
        {"routes": [{**ROUTE, "apiKey": CANARY}]},
        {"providerBaseUrls": {"openai": f"https://{CANARY}@x.example/v1"}},
        {"providerBaseUrls": {"openai": f"https://x.example/v1?key={CANARY}"}},
        {"mode": CANARY},
        {"alertEmails": [CANARY]},
        {"providersAllowed": [CANARY]},
        {"gpuModel": f"{CANARY} ", "mode": "gpu"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_key_in_the_wrong_place_is_not_repeated_in_the_message(changes: Mapping[str, Any]) -> None:
    with pytest.raises(SettingsError) as caught:
        settings(**changes)
    assert CANARY not in str(caught.value)


def test_a_region_for_the_provider_that_says_something_else_is_refused() -> None:
    """Whoever sets aws:region believes that it decides."""
    values = {**project_defaults(), "leanto:tags": TAGS}
    with pytest.raises(SettingsError, match="aws:region"):
        read_settings({**values, "aws:region": "eu-west-1"})
    assert read_settings({**values, "aws:region": "us-east-1"}).region == "us-east-1"


def test_keys_of_other_namespaces_are_left_alone() -> None:
    values = {**project_defaults(), "leanto:tags": TAGS, "aws:profile": "team", "pulumi:tags": "{}"}
    assert read_settings(values).mode == "managed"


@pytest.mark.parametrize("name", READERS)
def test_a_missing_setting_is_told(name: str) -> None:
    values = {key: value for key, value in project_defaults().items() if key != f"leanto:{name}"}
    with pytest.raises(SettingsError) as caught:
        read_settings({**values, "leanto:tags": TAGS} if name != "tags" else values)
    assert f"leanto:{name}" in {problem.key for problem in caught.value.problems}


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(READERS)), ANYTHING, min_size=1, max_size=4))
def test_whatever_is_set_is_either_read_or_refused_with_problems(changes: dict[str, Any]) -> None:
    """No value of any kind ends in another exception."""
    problems: tuple[Problem, ...] = ()
    try:
        settings(**changes)
    except SettingsError as error:
        problems = error.problems
    assert all(problem.key and problem.allowed and problem.remedy for problem in problems)


@given(st.integers())
def test_a_number_is_read_alike_as_text(number: int) -> None:
    assert problem_keys(monthlyCapUsd=number) == problem_keys(monthlyCapUsd=str(number))


def test_names_and_fields_agree() -> None:
    """Each reader has a declaration with a meaning, and each declaration a reader and a field."""
    declared = {row.key.removeprefix("leanto:"): row for row in declarations()}
    assert declared.keys() == READERS.keys()
    assert {field_name(name) for name in READERS} == set(Settings.__dataclass_fields__)
    assert all(row.description.endswith(".") for row in declared.values())
