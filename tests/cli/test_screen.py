"""Claims about what a person sees of a run: each change once, in words, with what it changes; results come apart."""

import pytest

from leanto.check.results import short_type
from leanto.cli import runs, screen
from leanto.cli.demo_steps import Phases, created_table
from leanto.cli.exits import CommandError, Exit
from leanto.cli.screen import RunView, change_line, summary
from leanto.engine.changes import Change, Progress, Result
from leanto.engine.errors import Diagnostic

STACK = "urn:pulumi:dev::leanto::pulumi:pulumi:Stack::leanto-dev"


def change(name: str, operation: str, *properties: str, kind: str = "aws:s3/bucket:Bucket", replacing=()) -> Change:
    return Change(f"urn:pulumi:dev::leanto::{kind}::{name}", kind, operation, tuple(properties), tuple(replacing))


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (change("a", "create"), "  + s3 bucket a"),
        (change("a", "update", "tags", "acl"), "  ~ s3 bucket a: tags, acl"),
        (change("a", "replace", "bucket", replacing=["bucket"]), "  ± s3 bucket a: replaced because of bucket"),
        (change("a", "delete"), "  - s3 bucket a"),
        (change("front", "create", kind="leanto:index:Front"), "  + leanto:index:Front front"),
    ],
)
def test_a_change_is_one_line_with_what_changes(given: Change, line: str) -> None:
    assert change_line(given) == line


def test_types_are_told_in_two_words() -> None:
    assert short_type("aws:apigateway/restApi:RestApi") == "apigateway restApi"
    assert short_type("pulumi:pulumi:Stack") == "pulumi:pulumi:Stack"


def test_the_summary_counts_what_the_engine_counts() -> None:
    changes = [change("a", "create"), change("b", "same"), change("p", "create", kind="pulumi:providers:aws")]
    assert summary(Result({each.urn: each for each in changes})) == "1 created, 1 unchanged"
    assert summary(Result({})) == "nothing to do"


def test_each_finished_change_is_shown_once_and_errors_are_left_to_the_end(capsys) -> None:
    view = RunView("up", 2, None)
    made, failing = change("a", "create"), change("b", "create")
    for event in (
        Progress("started", made),
        Progress("started", failing),
        Progress("finished", made),
        Progress("finished", change("c", "same")),
        Progress("finished", Change(STACK, "pulumi:pulumi:Stack", "create")),
        Diagnostic("error", "it broke", failing.urn),
        Diagnostic("warning", "mind this", made.urn),
        Progress("failed", failing),
    ):
        view(event)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(" (")[0] for line in lines] == [
        "  + s3 bucket a",
        "  warning: aws:s3/bucket:Bucket a: mind this",
        "  ! s3 bucket b failed",
    ]


def test_talk_and_results_do_not_mix(capsys) -> None:
    screen.say("talk :secret: [red]")
    screen.result("[bold]result[/bold]")
    assert tuple(capsys.readouterr()) == ("[bold]result[/bold]\n", "talk :secret: [red]\n")


def test_long_lines_are_not_broken(capsys) -> None:
    screen.say("x" * 300)
    assert capsys.readouterr().err == "x" * 300 + "\n"


def test_where_nobody_can_be_asked_yes_must_be_said() -> None:
    with pytest.raises(CommandError, match="--yes") as caught:
        runs.confirm("Delete it?", agreed=False)
    assert caught.value.code is Exit.PREREQUISITE
    runs.confirm("Delete it?", agreed=True)


def test_what_was_created_is_grouped_by_the_nearest_component() -> None:
    def row(kind: str, name: str, parent: str = STACK, *, custom: bool = True) -> dict[str, object]:
        return {"urn": f"urn:pulumi:dev::leanto::{kind}::{name}", "type": kind, "parent": parent, "custom": custom}

    store = row("leanto:index:Storage", "leanto-dev-storage", custom=False)
    bucket = row("aws:s3/bucket:Bucket", "code", str(store["urn"]))
    rows = [
        {"urn": STACK, "type": "pulumi:pulumi:Stack", "custom": False},
        row("pulumi:providers:aws", "main"),
        store,
        bucket,
        row("aws:s3/bucketPolicy:BucketPolicy", "policy", str(bucket["urn"])),
        row("aws:kms/key:Key", "key"),
    ]
    table = created_table(rows, "leanto-dev-")
    cells = list(zip(*(column._cells for column in table.columns), strict=True))
    assert cells == [("storage", "2", "s3 bucket, s3 bucketPolicy"), ("the stack itself", "1", "kms key")]
    assert table.columns[1].footer == "3"


def test_a_phase_that_fails_has_no_time() -> None:
    phases = Phases()
    with phases.phase("good"):
        pass
    with pytest.raises(ValueError, match="x"), phases.phase("bad"):
        raise ValueError("x")
    assert list(phases.seconds) == ["good"]


def test_the_first_lines_are_held_until_there_is_more_to_tell(capsys) -> None:
    held = screen.Held(2)
    held("a")
    held("b")
    assert capsys.readouterr().err == ""
    held("c")
    held("d")
    assert capsys.readouterr().err == "a\nb\nc\nd\n"
