"""Quota of instances, which is 0 for a GPU type in many a new account."""

from __future__ import annotations

import pytest

from tests.workbench.deployment.quotas import Quotas
from workbench.deployment import endpoint_quota
from workbench.deployment.account import Account
from workbench.errors import AccountError

GPU = "ml.g4dn.xlarge for endpoint usage"
VALUES = {
    "deployInstanceType": "ml.g4dn.xlarge",
    "endpointType": "real-time",
    "minInstanceCount": "1",
    "maxInstanceCount": "2",
}


def _check(monkeypatch: pytest.MonkeyPatch, quotas: Quotas, **values: str) -> list[str]:
    monkeypatch.setattr(Account, "client", lambda *_: quotas)
    return endpoint_quota.check(Account(profile=None, region="cn-north-1"), VALUES | values)


def test_an_account_that_may_run_none_is_told_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    quotas = Quotas({"ml.g4dn.xlarge for training job usage": 5, GPU: 0})
    with pytest.raises(AccountError) as error:
        _check(monkeypatch, quotas)
    assert str(error.value) == (
        "this account's endpoints may run 0 of ml.g4dn.xlarge in cn-north-1, and the stack needs 1; ask for more: "
        "aws service-quotas request-service-quota-increase --service-code sagemaker --quota-code L-1 "
        "--desired-value 4 --region cn-north-1"
    )
    assert quotas.services == ["sagemaker"]


def test_a_quota_that_suffices_until_the_first_update_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    """An update runs a new fleet beside the old one."""
    (note,) = _check(monkeypatch, Quotas({GPU: 3}))
    assert "may run 3 of ml.g4dn.xlarge in cn-north-1: enough to start" in note
    assert "--desired-value 4" in note
    assert _check(monkeypatch, Quotas({GPU: 4})) == []


def test_a_shadow_is_one_more_instance_of_the_type(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AccountError, match=r"may run 1 of .*, and the stack needs 2; .* --desired-value 6"):
        _check(monkeypatch, Quotas({GPU: 1}), shadowModelName="yunet_n")
    (note,) = _check(monkeypatch, Quotas({GPU: 4}), shadowModelName="yunet_n")
    assert "an update at maxInstanceCount=2 with a shadow needs 6" in note
    assert _check(monkeypatch, Quotas({GPU: 6}), shadowModelName="yunet_n") == []
    assert _check(monkeypatch, Quotas({GPU: 4}), shadowModelName="") == []


def test_a_quota_without_a_value_of_the_accounts_own_is_among_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AccountError, match="may run 0 of"):
        _check(monkeypatch, Quotas({}, {GPU: 0}))


def test_a_serverless_endpoint_has_no_instances(monkeypatch: pytest.MonkeyPatch) -> None:
    quotas = Quotas({GPU: 0})
    assert _check(monkeypatch, quotas, endpointType="serverless") == []
    assert quotas.services == []


@pytest.mark.parametrize(
    ("quotas", "says"),
    [
        (Quotas({}, refuses="AccessDeniedException"), "does not say whether ml.g4dn.xlarge may run (AccessDenied"),
        (Quotas({"other": 1}), "knows no 'ml.g4dn.xlarge for endpoint usage' in cn-north-1"),
    ],
)
def test_without_an_answer_it_is_a_note(monkeypatch: pytest.MonkeyPatch, quotas: Quotas, says: str) -> None:
    (note,) = _check(monkeypatch, quotas)
    assert says in note
