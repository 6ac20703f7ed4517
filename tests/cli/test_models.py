"""Claim: `leanto models` tells what a model is to the byte, under which terms, and whether and how fast it runs."""

import json
from collections.abc import Callable

import pytest

from catalog.tables import catalogue
from leanto.cli.exits import Exit
from tests.cli.running import Ran

Leanto = Callable[..., Ran]
LLAMA = "llama-3.1-8b-instruct-q4_k_m"


def fits(leanto: Leanto, *arguments: str) -> dict[str, dict[str, object]]:
    done = leanto("models", "fit", "--json", *arguments)
    assert done.code == Exit.OK, done.err
    return {row["model"]: row for row in json.loads(done.out)["models"]}


def test_the_list_names_every_model_and_marks_restricted_licences(leanto: Leanto) -> None:
    done = leanto("models", "list")
    lines = {line.split()[0]: line for line in done.out.splitlines()[1:]}
    assert lines.keys() == catalogue().offered_models.keys()
    assert {name for name, line in lines.items() if "(restricted)" in line} == {LLAMA}
    assert done.code == Exit.OK


def test_list_and_show_give_the_same_as_json(leanto: Leanto) -> None:
    listed = {row["id"]: row for row in json.loads(leanto("models", "list", "--json").out)}
    assert listed.keys() == catalogue().offered_models.keys()
    shown = json.loads(leanto("models", "show", "qwen3-8b-awq", "--json").out)
    assert shown == listed["qwen3-8b-awq"]
    assert [file["sha256"] for file in shown["files"]] == [
        file.sha256 for file in catalogue().offered_models["qwen3-8b-awq"].files
    ]


def test_show_tells_pin_files_source_and_terms(leanto: Leanto) -> None:
    done = leanto("models", "show", LLAMA)
    row, licence = catalogue().offered_models[LLAMA], catalogue().licences["LicenseRef-llama3.1"]
    for text in (row.revision, row.files[0].sha256, str(row.files[0].bytes), row.date.isoformat(), *licence.terms):
        assert text in done.out
    assert "leanto:licencesAccepted" in done.out
    assert catalogue().sources["models.toml"][row.source] in done.out


def test_show_tells_no_terms_of_a_free_licence(leanto: Leanto) -> None:
    assert "licencesAccepted" not in leanto("models", "show", "qwen3-8b-q4_k_m").out


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("qwen3-8b", "did you mean qwen3-8b-q4_k_m or qwen3-8b-q8_0 or qwen3-8b-awq"),
        ("llama-3.1-8b", f"did you mean {LLAMA}"),
        ("gpt-oss-20b-mxfp5", "did you mean gpt-oss-20b-mxfp4"),
        ("zzz", "leanto models list"),
    ],
)
def test_an_unknown_model_is_told_the_nearest_names(leanto: Leanto, name: str, hint: str) -> None:
    done = leanto("models", "show", name)
    assert (done.code, done.out) == (Exit.USAGE, "")
    assert hint in done.err


@pytest.mark.parametrize(("name", "hint"), [("L4S", "did you mean L4"), ("g6.larg", "g6.xlarge"), ("", "GPUs: T4")])
def test_an_unknown_gpu_is_told_what_there_is(leanto: Leanto, name: str, hint: str) -> None:
    done = leanto("models", "fit", "--gpu", name)
    assert (done.code, done.out) == (Exit.USAGE, "")
    assert hint in done.err


@pytest.mark.parametrize("arguments", [("--context", "0"), ("--slots", "none"), ("--context", "8k")])
def test_sizes_are_whole_numbers(leanto: Leanto, arguments: tuple[str, str]) -> None:
    assert leanto("models", "fit", "--gpu", "L4", *arguments).code == Exit.USAGE


def test_the_table_has_a_line_for_each_model_with_what_is_needed_and_there(leanto: Leanto) -> None:
    done = leanto("models", "fit", "--gpu", "T4", "--context", "16384")
    lines = {line.split()[0]: line.split() for line in done.out.splitlines()[1:]}
    assert lines.keys() == catalogue().offered_models.keys()
    assert lines["qwen3-30b-a3b-instruct-2507-q4_k_m"][1:6] == ["no", "20.4", "15.0", "1", "0"]
    assert lines["gpt-oss-20b-mxfp4"][1:6] == ["yes", "14.3", "15.0", "4", "5"]
    assert "vllm needs a GPU known to be of compute capability 8.0 or later: qwen3-8b-awq" in done.err


def test_a_gpu_and_its_instance_are_the_same_and_letters_do_not_matter(leanto: Leanto) -> None:
    assert fits(leanto, "--gpu", "L4") == fits(leanto, "--gpu", "g6.xlarge") == fits(leanto, "--gpu", "l4")


def test_of_several_gpus_llama_cpp_uses_all_and_vllm_one(leanto: Leanto) -> None:
    one, four = fits(leanto, "--gpu", "g6.xlarge"), fits(leanto, "--gpu", "g6.12xlarge")
    assert four["qwen3-8b-q4_k_m"]["available_mib"] == 4 * 23034
    assert four["qwen3-8b-awq"] == one["qwen3-8b-awq"]


def test_a_model_goes_exactly_when_its_numbers_say_so(leanto: Leanto) -> None:
    for row in fits(leanto, "--gpu", "L4", "--slots", "12").values():
        needed, available = row["needed_mib"], row["available_mib"]
        assert isinstance(needed, float)
        assert isinstance(available, float)
        assert row["fits"] is (needed <= available)
        assert (row["tokens_per_second"] is not None) is row["fits"]


def test_a_context_that_a_model_does_not_know_does_not_fit(leanto: Leanto) -> None:
    row = fits(leanto, "--gpu", "L40S", "--context", "40961", "--slots", "1")["qwen3-8b-q4_k_m"]
    assert (row["fits"], row["reason"]) == (False, "no more than 40960 tokens of context")


def test_where_nothing_is_known_of_the_speed_none_is_told(leanto: Leanto) -> None:
    done = leanto("models", "fit", "--gpu", "g7e.2xlarge")
    assert "Of the speed of RTX PRO 6000 Blackwell Server nothing is known" in done.err
    assert fits(leanto, "--gpu", "g7e.2xlarge")["qwen3-8b-q4_k_m"]["tokens_per_second"] is None
