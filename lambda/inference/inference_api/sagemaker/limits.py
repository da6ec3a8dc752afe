"""The largest request that each kind of endpoint takes.

https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints-invoke.html says 4 MB. For real-time endpoints
https://docs.aws.amazon.com/sagemaker/latest/dg/deploy-model-options.html and boto3's model of ``InvokeEndpoint`` say
6 MB (6,291,456 bytes); newer pages say 25 MB, which no request through Lambda reaches. The smaller number holds with
either. Asynchronous requests go through S3 and may have 1 GB, which no request reaches.
"""

from __future__ import annotations

from inference_api.errors import PayloadTooLargeError

_MIB = 1024 * 1024
_LIMITS = {"real-time": 6 * _MIB, "serverless": 4 * _MIB}
_ADVICE = {
    "real-time": "send a smaller frame",
    "serverless": f"send a smaller frame, or ask the operator for endpointType=real-time, which takes {6 * _MIB}",
}


def largest(endpoint_type: str) -> int:
    """The largest body in bytes of an endpoint that answers at once."""
    return _LIMITS[endpoint_type]


def require_fit(size: int, endpoint_type: str, *, subject: str = "request") -> None:
    """Check a body before it is sent.

    Args:
        size: its bytes.
        endpoint_type: ``real-time`` or ``serverless``.
        subject: the word for it in the error.

    Raises:
        PayloadTooLargeError: the endpoint does not take it.
    """
    if size > _LIMITS[endpoint_type]:
        raise PayloadTooLargeError(
            f"the {subject} has {size} bytes; a {endpoint_type} endpoint takes at most {_LIMITS[endpoint_type]}: "
            f"{_ADVICE[endpoint_type]}"
        )
