"""Messages of pushes that were answered before the endpoint saw their frames: the frames are in the events bucket.

The message has the open event, so that the function behind the queue completes it without any other source. It stands
beside S3's notifications in the same queue.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from inference_api.errors import InvalidRequestError, StoreUnavailableError

_NAME = "accepted_push"


@dataclass(frozen=True, kw_only=True)
class AcceptedPush:
    """A push whose frames are stored, and whose event is open.

    Attributes:
        request_id: the id of its request.
        camera_id: its camera.
        event: the state of the event, as ``Event.leave_open`` returns it: its prefix, and its document, which has the
            keys of all frames by role.
        keys: the keys in the bucket of the frames that the model sees, in their order.
        terms: those of ``judging``; None where the camera's profile says nothing.
    """

    request_id: str
    camera_id: str
    event: Mapping[str, Any]
    keys: Sequence[str]
    terms: Mapping[str, Any] | None = None

    @property
    def prefix(self) -> str:
        """The key prefix of its event, with a trailing slash."""
        return str(self.event["prefix"])

    @property
    def message(self) -> str:
        """The message of the queue."""
        return json.dumps({_NAME: asdict(self)})


def read(message: str) -> AcceptedPush | None:
    """Parse a message; None for one that is of another kind.

    Raises:
        InvalidRequestError: it is damaged.
    """
    try:
        document = json.loads(message)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or _NAME not in document:
        return None
    try:
        push = AcceptedPush(**document[_NAME])
        push.prefix, push.event["document"]["frames"]
    except (TypeError, KeyError, AttributeError) as error:
        raise InvalidRequestError("the message of an accepted push is damaged") from error
    return push


def queue(client: Any, url: str, push: AcceptedPush) -> None:
    """Put a push into the queue.

    Raises:
        StoreUnavailableError: the queue does not take it.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        client.send_message(QueueUrl=url, MessageBody=push.message)
    except (BotoCoreError, ClientError) as error:
        raise StoreUnavailableError("the push cannot be kept for later; send it again shortly") from error
