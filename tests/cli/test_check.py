"""Claim: `leanto check` says what is wrong with a stack, where, and by its exit code whether a deployment may go on."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from policies.pack import RULES
from tests.cli.running import Ran

ROOT = Path(__file__).resolve().parents[2]
SHOP = ROOT / "tests" / "check" / "programs" / "shop"
FAILING = ROOT / "tests" / "check" / "programs" / "failing"
QUEUE = "aws:sqs/queue:Queue"
URN = f"urn:pulumi:dev::shop::{QUEUE}::orders"
TAGS = dict.fromkeys(("owner", "cost-centre", "environment", "app", "data-class"), "x")
CANARY = "sk-ant-api03-" + "canary0" * 8

Leanto = Callable[..., Ran]


def state(folder: Path, **inputs: object) -> Path:
    """Write the state of a stack of one queue, and return the file."""
    given = {"name": "orders", "region": "eu-central-1", "sqsManagedSseEnabled": True, "tags": TAGS, **inputs}
    rows = [
        {"urn": "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev", "custom": False, "type": "pulumi:pulumi:Stack"},
        {"urn": URN, "custom": True, "type": QUEUE, "id": "orders", "inputs": given, "outputs": given},
    ]
    path = folder / "state.json"
    path.write_text(json.dumps({"version": 3, "deployment": {"manifest": {}, "resources": rows}}), encoding="utf-8")
    return path


def test_a_stack_that_breaks_nothing_ends_well(leanto: Leanto, tmp_path: Path) -> None:
    ran = leanto("check", "--state", str(state(tmp_path)), "--policy", "sqs-encrypted")
    assert ran.code == 0, ran.output
    assert "No mandatory rule is broken." in ran.output


def test_a_violation_ends_with_1_and_names_rule_resource_and_remedy(leanto: Leanto, tmp_path: Path) -> None:
    ran = leanto("check", "--state", str(state(tmp_path, sqsManagedSseEnabled=False)), "--policy", "sqs-encrypted")
    assert ran.code == 1
    for told in ("sqs-encrypted", "sqs queue orders", "kmsMasterKeyId", "fix:"):
        assert told in ran.output


def test_what_cannot_be_looked_at_blocks_in_prod_and_is_incomplete_in_dev(leanto: Leanto, tmp_path: Path) -> None:
    unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    path = str(state(tmp_path, sqsManagedSseEnabled=unknown))
    assert leanto("check", "--state", path, "--policy", "sqs-encrypted", "--profile", "prod").code == 1
    ran = leanto("check", "--state", path, "--policy", "sqs-encrypted", "--profile", "dev")
    assert ran.code == 2
    assert "Incomplete" in ran.output


def test_every_report_is_written_and_tells_the_same_findings(leanto: Leanto, tmp_path: Path) -> None:
    files = {name: tmp_path / f"check.{name}" for name in ("json", "sarif", "junit", "code-quality", "markdown")}
    options = [text for name, path in files.items() for text in (f"--{name}", str(path))]
    ran = leanto("check", "--state", str(state(tmp_path, sqsManagedSseEnabled=False)), *options)
    assert ran.code == 1
    found = {row["rule"] for row in json.loads(files["json"].read_text())["findings"]}
    assert "sqs-encrypted" in found
    assert {row["ruleId"] for row in json.loads(files["sarif"].read_text())["runs"][0]["results"]} == found
    assert {row["check_name"] for row in json.loads(files["code-quality"].read_text())} == found
    assert all(f"`{rule}`" in files["markdown"].read_text() for rule in found)
    cases = ET.fromstring(files["junit"].read_text()).iter("testcase")  # noqa: S314 - written by ourselves
    assert {case.get("name", "").split(":")[0] for case in cases} >= found


def test_a_program_of_another_team_is_checked_with_the_lines_of_its_code(leanto: Leanto) -> None:
    ran = leanto("check", "--program", str(SHOP), "--policy", "imdsv2-required", "--policy", "sqs-encrypted")
    assert ran.code == 1
    lines = (SHOP / "__main__.py").read_text(encoding="utf-8").splitlines()
    till = next(number for number, line in enumerate(lines, start=1) if line.startswith("aws.ec2.Instance("))
    assert f"__main__.py:{till}" in ran.output
    assert "getAmi" in ran.output  # what was assumed is told


def test_a_program_that_fails_is_told_in_its_own_lines_and_without_a_traceback(leanto: Leanto) -> None:
    ran = leanto("check", "--program", str(FAILING))
    assert ran.code == 3
    assert ".py:" in ran.output
    assert "Traceback" not in ran.output


def test_a_secret_of_a_stack_is_in_no_report(leanto: Leanto, tmp_path: Path) -> None:
    files = {name: tmp_path / f"check.{name}" for name in ("json", "sarif", "junit", "code-quality", "markdown")}
    options = [text for name, path in files.items() for text in (f"--{name}", str(path))]
    path = state(tmp_path, tags={**TAGS, "key": CANARY}, name=CANARY, kmsMasterKeyId=CANARY, policy=CANARY)
    ran = leanto("check", "--state", str(path), *options)
    assert ran.code == 1
    assert "no-secret-anywhere" in ran.output
    for told in (ran.output, *(file.read_text() for file in files.values())):
        assert "canary0" not in told


def test_an_exemption_lets_a_finding_pass_and_is_told(leanto: Leanto, tmp_path: Path) -> None:
    path = state(tmp_path, sqsManagedSseEnabled=False)
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "exemptions.yaml").write_text(
        "exemptions:\n"
        f"  - rule: sqs-encrypted\n    resource: {URN}\n    reason: only counts of public events pass here\n"
        "    owner: shop\n    ticket: SHOP-1\n    approver: platform\n"
        f'    expires: "{_in_days(30)}"\n'
    )
    ran = leanto("check", "--state", str(path), "--policy", "sqs-encrypted")
    assert ran.code == 0, ran.output
    assert "only counts of public events pass here" in ran.output


def _in_days(count: int) -> str:
    import datetime as dt

    return (dt.datetime.now(dt.UTC).date() + dt.timedelta(days=count)).isoformat()


def test_every_rule_is_listed(leanto: Leanto) -> None:
    ran = leanto("check", "--list")
    assert ran.code == 0
    assert [rule.id for rule in RULES if rule.id not in ran.output] == []


def test_a_rule_is_explained_with_the_values_that_it_is_run_with(leanto: Leanto, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"kms-deletion-window": {"minimumDays": 14}}))
    ran = leanto("check", "--explain", "kms-deletion-window", "--profile", "dev", "--policy-config", str(config))
    assert ran.code == 0
    assert "minimumDays = 14" in ran.output
    assert "KMS.3" in ran.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--explain", "sqs-encryptd"), "sqs-encrypted"),
        (("--state", "nowhere.json"), "nowhere.json"),
        (("--state", "x.json", "--stack", "dev"), "--state checks what was exported"),
        ((), "name what to check"),
        (("--stack", "dev", "--profile", "staging"), "staging"),
    ],
    ids=["rule", "state", "both", "nothing", "profile"],
)
def test_a_mistake_is_told_with_what_is_allowed(
    leanto: Leanto, project: Path, arguments: tuple[str, ...], told: str
) -> None:
    ran = leanto("check", *arguments)
    assert ran.code == 3
    assert told in ran.output
    assert "Traceback" not in ran.output


def test_a_configuration_that_weakens_a_floor_is_refused(leanto: Leanto, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"all": "disabled", "no-secret-anywhere": "advisory"}))
    ran = leanto("check", "--state", str(state(tmp_path)), "--policy-config", str(config))
    assert ran.code == 3
    for told in ("config.json", "all", "no-secret-anywhere"):
        assert told in ran.output


def test_a_report_that_cannot_be_written_is_told(leanto: Leanto, tmp_path: Path) -> None:
    ran = leanto("check", "--state", str(state(tmp_path)), "--json", str(tmp_path / "no" / "check.json"))
    assert ran.code == 3
    assert "cannot be written" in ran.output
