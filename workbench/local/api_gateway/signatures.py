"""AWS Signature 4 of requests, checked against the credentials of this run.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from werkzeug.wrappers import Request

from workbench.local.api_gateway.call import target
from workbench.local.api_gateway.gateway_responses import RefusedError
from workbench.template.rendered_template import partition_of, stand_in_account

_ALGORITHM = "AWS4-HMAC-SHA256"
_SERVICE = "execute-api"
_SKEW = timedelta(minutes=5)
_PART = re.compile(r"(Credential|SignedHeaders|Signature)=([^,\s]+)")
_KEY_CHARACTERS = string.ascii_uppercase + "234567"


@dataclass(frozen=True)
class CallerCredentials:
    """Credentials of a user of the account, made for one run."""

    access_key_id: str
    secret_access_key: str
    region: str

    @property
    def principal(self) -> str:
        """ARN of the user."""
        return f"arn:{partition_of(self.region)}:iam::{stand_in_account()}:user/local"

    @property
    def identity(self) -> dict[str, str]:
        """What API Gateway tells the function of the user, by the names of ``requestContext.identity``.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
        """
        user_id = f"AIDA{self.access_key_id.removeprefix('AKIA')}"
        return {
            "accessKey": self.access_key_id,
            "accountId": stand_in_account(),
            "caller": user_id,
            "user": user_id,
            "userArn": self.principal,
        }

    @classmethod
    def made(cls, region: str) -> CallerCredentials:
        """Make new ones, in the form of an IAM user's."""
        identity = "".join(secrets.choice(_KEY_CHARACTERS) for _ in range(16))
        return cls(f"AKIA{identity}", secrets.token_hex(20), region)


@dataclass(frozen=True)
class _Signature:
    credential: str
    signed_headers: tuple[str, ...]
    value: str
    date: str


def require(request: Request, caller: CallerCredentials, body: bytes) -> None:
    """Check that the caller signed the request.

    Raises:
        RefusedError: it has no signature, or a wrong or an old one.
    """
    signature = _signature(request)
    access_key_id, _, scope = signature.credential.partition("/")
    if access_key_id != caller.access_key_id:
        raise _refusal("The security token included in the request is invalid.")
    if scope != f"{signature.date[:8]}/{caller.region}/{_SERVICE}/aws4_request":
        raise _refusal(
            f"Credential should be scoped to a valid region and the correct service: '{caller.region}', '{_SERVICE}'."
        )
    _require_recent(signature.date)
    if not all(name.isascii() for name in signature.signed_headers):  # HTTP has no such header
        raise _mismatch()
    if "host" not in signature.signed_headers:
        raise _refusal("'Host' must be a 'SignedHeader' in the AWS Authorization.")
    declared = request.headers.get("X-Amz-Content-Sha256", "")
    if declared and declared != hashlib.sha256(body).hexdigest():
        raise _mismatch()
    if not secrets.compare_digest(_computed(request, signature, caller, body).encode(), signature.value.encode()):
        raise _mismatch()


def _signature(request: Request) -> _Signature:
    """Read the signature from the header, or from the query."""
    given = request.headers.get("Authorization")
    if given is None and request.args.get("X-Amz-Algorithm") == _ALGORITHM:
        found: Mapping[str, str] = {
            name: request.args.get(f"X-Amz-{name}", "") for name in ("Credential", "SignedHeaders", "Signature")
        }
        date = request.args.get("X-Amz-Date", "")
    elif given is None:
        raise RefusedError("MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token")
    else:
        found = dict(_PART.findall(given)) if given.startswith(f"{_ALGORITHM} ") else {}
        date = request.headers.get("X-Amz-Date", "")
    lacking = [name for name in ("Credential", "Signature", "SignedHeaders") if not found.get(name)]
    if lacking:
        needs = " ".join(f"Authorization header requires '{name}' parameter." for name in lacking)
        raise _refusal(f"{needs} Authorization={given or ''}")
    return _Signature(found["Credential"], tuple(found["SignedHeaders"].split(";")), found["Signature"], date)


def _require_recent(date: str) -> None:
    try:
        signed = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise _refusal(f"Date must be in ISO-8601 'basic format'. Got '{date}'.") from None
    now = datetime.now(UTC)
    if abs(now - signed) > _SKEW:
        raise _refusal(f"Signature expired: {date} is not within 5 min. of {now:%Y%m%dT%H%M%SZ}")


def _computed(request: Request, signature: _Signature, caller: CallerCredentials, body: bytes) -> str:
    """Sign what came as the caller would have done it."""
    path, asked = target(request)
    query = "&".join(part for part in asked.split("&") if part and not part.startswith("X-Amz-Signature="))
    again = AWSRequest(
        request.method,
        f"http://host-is-a-signed-header{path}?{query}",
        data=body,
        headers={name: request.headers.get(name, "") for name in signature.signed_headers},
    )
    again.context["timestamp"] = signature.date
    signer = _Signer(Credentials(caller.access_key_id, caller.secret_access_key), _SERVICE, caller.region)
    return str(signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again))


class _Signer(SigV4Auth):
    """Signer of headers as they came: WSGI has a character for each byte of theirs."""

    def string_to_sign(self, request: AWSRequest, canonical_request: str) -> str:
        came = canonical_request.encode("latin-1", "replace")
        parts = (_ALGORITHM, request.context["timestamp"], self.credential_scope(request))
        return "\n".join((*parts, hashlib.sha256(came).hexdigest()))

    def _header_value(self, value: str) -> str:
        return " ".join(filter(None, re.split("[ \t]+", value)))  # a byte of a letter may be another kind of space


def _mismatch() -> RefusedError:
    return _refusal(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method. Consult the service documentation for details."
    )


def _refusal(message: str) -> RefusedError:
    return RefusedError("INVALID_SIGNATURE", message)
