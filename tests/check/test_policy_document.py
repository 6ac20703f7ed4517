"""Claim: a policy document has the form that the official provider gives it (aws.iam.get_policy_document)."""

import json
from typing import Any

import pytest

from leanto.check.policy_document import PolicyDocumentError, answer, policy_document

ONE = {"actions": ["s3:GetObject"], "resources": ["*"]}


def statement(**given: Any) -> dict[str, Any]:
    (found,) = policy_document({"statements": [given]})["Statement"]
    return dict(found)


def test_effect_is_allow_unless_given_and_lists_of_one_are_texts() -> None:
    assert statement(**ONE) == {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    assert statement(effect="Deny", actions=["a:B", "a:C"], notResources=["r"], sid="S") == {
        "Sid": "S",
        "Effect": "Deny",
        "Action": ["a:B", "a:C"],
        "NotResource": "r",
    }


def test_not_actions_are_no_actions() -> None:
    assert statement(notActions=["iam:*"], resources=["*"]) == {
        "Effect": "Allow",
        "NotAction": "iam:*",
        "Resource": "*",
    }


@pytest.mark.parametrize(
    ("principals", "written"),
    [
        ([{"type": "*", "identifiers": ["*"]}], "*"),
        ([{"type": "AWS", "identifiers": ["*"]}], {"AWS": "*"}),
        ([{"type": "AWS", "identifiers": ["1"]}, {"type": "AWS", "identifiers": ["2"]}], {"AWS": ["1", "2"]}),
        (
            [{"type": "Service", "identifiers": ["a.b"]}, {"type": "Federated", "identifiers": ["f"]}],
            {"Service": "a.b", "Federated": "f"},
        ),
    ],
)
def test_principals_are_joined_by_kind(principals: list[dict[str, Any]], written: Any) -> None:
    assert statement(principals=principals, **ONE)["Principal"] == written
    assert statement(notPrincipals=principals, **ONE)["NotPrincipal"] == written


def test_conditions_are_joined_by_test_and_variable_and_variables_of_iam_are_written_as_iam_has_them() -> None:
    conditions = [
        {"test": "StringLike", "variable": "s3:prefix", "values": ["", "home/&{aws:username}/*"]},
        {"test": "StringLike", "variable": "aws:x", "values": ["y"]},
        {"test": "Bool", "variable": "aws:SecureTransport", "values": ["false"]},
    ]
    assert statement(conditions=conditions, **ONE)["Condition"] == {
        "StringLike": {"s3:prefix": ["", "home/${aws:username}/*"], "aws:x": "y"},
        "Bool": {"aws:SecureTransport": "false"},
    }


def test_sources_come_first_and_a_later_statement_replaces_one_of_the_same_sid() -> None:
    def document(effect: str, sid: str) -> str:
        return json.dumps({"Statement": {"Sid": sid, "Effect": effect}})

    written = policy_document(
        {
            "sourcePolicyDocuments": [document("Allow", "a"), document("Allow", "b")],
            "statements": [{**ONE, "sid": "c"}],
            "overridePolicyDocuments": [document("Deny", "b")],
        }
    )["Statement"]
    assert [(row["Sid"], row["Effect"]) for row in written] == [("a", "Allow"), ("b", "Deny"), ("c", "Allow")]


def test_a_source_that_is_no_json_is_refused() -> None:
    with pytest.raises(PolicyDocumentError):
        policy_document({"sourcePolicyDocuments": ["{"]})


def test_the_answer_holds_the_document_twice_as_text() -> None:
    found = answer({"statements": [ONE], "version": "2008-10-17", "policyId": "p"})
    assert json.loads(found["json"]) == json.loads(found["minifiedJson"])
    assert (json.loads(found["json"])["Version"], json.loads(found["json"])["Id"]) == ("2008-10-17", "p")
    assert policy_document({}) == {"Version": "2012-10-17"}
