from __future__ import annotations

import pytest

from ipc_ai_serving.server.batch_transform import execution_parameters

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("concurrency", "max_body_bytes", "concurrent", "payload"),
    [
        (1, 6 * MIB, 1, 6),
        (8, 6 * MIB, 8, 6),
        (96, 6 * MIB, 16, 6),  # SageMaker takes no more than 100 MB under way
        (4, MIB // 2, 4, 1),
        (4, 500 * MIB, 1, 100),
    ],
)
def test_payloads_under_way_stay_within_sagemakers_limit(
    concurrency: int, max_body_bytes: int, concurrent: int, payload: int
) -> None:
    told = execution_parameters(concurrency=concurrency, max_body_bytes=max_body_bytes)
    assert told == {
        "MaxConcurrentTransforms": concurrent,
        "BatchStrategy": "SINGLE_RECORD",
        "MaxPayloadInMB": payload,
    }
