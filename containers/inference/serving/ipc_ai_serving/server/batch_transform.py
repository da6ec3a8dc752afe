"""Choice of a batch transform job's requests, which SageMaker asks the container for before it sends any.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-batch-code.html, "How Containers Serve
Requests", and the limits of ``MaxPayloadInMB`` in CreateTransformJob.
"""

from __future__ import annotations

from typing import Any

_MIB = 1024 * 1024
_MOST_MB = 100
"""Most megabytes of all payloads that are under way at once, and so of one."""


def execution_parameters(*, concurrency: int, max_body_bytes: int) -> dict[str, Any]:
    """Return the answer to ``GET /execution-parameters``.

    Args:
        concurrency: requests that this program computes at once; a job sends no more.
        max_body_bytes: most bytes of a body.
    """
    payload = min(_MOST_MB, max(1, max_body_bytes // _MIB))
    return {
        "MaxConcurrentTransforms": min(concurrency, _MOST_MB // payload),
        "BatchStrategy": "SINGLE_RECORD",
        "MaxPayloadInMB": payload,
    }
