from __future__ import annotations

import pytest

from camera_registry import principals

ROLE = "arn:aws-cn:iam::123456789012:role/gate-1"
SESSION = "arn:aws-cn:sts::123456789012:assumed-role/gate-1/camera@7"


@pytest.mark.parametrize(
    ("arn", "kept"),
    [
        (ROLE, ROLE),
        ("arn:aws-cn:iam::123456789012:role/cameras/hamburg/gate-1", ROLE),
        (SESSION, SESSION),
        ("arn:aws:iam::123456789012:user/cameras/gate-1", "arn:aws:iam::123456789012:user/cameras/gate-1"),
    ],
)
def test_a_role_is_kept_without_its_path(arn: str, kept: str) -> None:
    assert principals.kept(arn) == kept


def test_a_session_may_be_kept_by_itself_or_by_its_role() -> None:
    assert principals.of_signer(SESSION) == (SESSION, ROLE)


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::123456789012:user/gate-1",
        "arn:aws:iam::123456789012:root",
        "arn:aws:sts::123456789012:federated-user/gate-1",
        "nonsense",
    ],
)
def test_others_are_kept_by_themselves(arn: str) -> None:
    assert principals.of_signer(arn) == (arn,)
