"""ONVIF's WS-BaseNotification, pushed by Reolink, Hanwha and any other maker: topics and states, never a picture.

Sources: home-assistant/core#89614; OASIS wsn b-2; captured PullMessages of Reolink's cameras, whose tokens are ``000``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from camera_push import times, trees
from camera_push.documents import Element
from camera_push.envelope import Envelope
from camera_push.facts import claims, kinds, roles
from camera_push.push import DeviceTime, Kind, Push, Sent

NAME = "onvif"
_MOST_MESSAGES = 64
_CHANNELS = re.compile(r"videosource|source|channel|inputtoken|token", re.IGNORECASE)
_MAKERS = (("tnsaxis:", "axis"), ("tnssamsung:", "hanwha"), ("tnshik:", "hikvision"), ("/MyRuleDetector/", "reolink"))


@dataclass(frozen=True)
class _Message:
    """One message: its topic, its source and data as name and value, and whether it only tells a first state."""

    topic: str | None
    source: tuple[tuple[str, str], ...]
    data: tuple[tuple[str, str], ...]
    time: DeviceTime | None
    is_first_state: bool

    @property
    def state(self) -> str | None:
        """The value of the first item of the data."""
        return trees.word(self.data[0][1]) if self.data else None

    @property
    def channel(self) -> str | None:
        """The value of the source's token, else of its first item."""
        tokens = [value for name, value in self.source if _CHANNELS.search(name)] or [value for _, value in self.source]
        return trees.word(tokens[0]) if tokens else None


def reads(sent: Sent, envelope: Envelope) -> bool:  # noqa: ARG001 # all vendors share one signature
    """By a SOAP envelope, or a notification without one."""
    return any(
        document.kind == "xml" and document.root.tag in {"Envelope", "Notify", "NotificationMessage", "MetadataStream"}
        for document in envelope.documents
    )


def push(sent: Sent, envelope: Envelope) -> Push:  # noqa: ARG001 # all vendors share one signature
    """The first message that tells of a change, else the first; of several the other topics are claims.

    First states that are all false come with a new subscription: nothing happened.
    """
    messages = _messages(envelope)
    message = next((each for each in messages if not each.is_first_state), messages[0] if messages else None)
    kind = kinds.of(envelope, message.topic if message else None)
    if kind is Kind.EVENT and not envelope.pictures and not envelope.broken and _is_idle(messages):
        kind = Kind.HEARTBEAT
    return Push(
        vendor=_vendor(messages),
        kind=kind,
        pictures=roles.pictures(envelope, {}),
        event_type=message.topic if message else None,
        event_state=message.state if message else None,
        channel=message.channel if message else None,
        time=message.time if message else None,
        claims=claims.made(
            rule=next((claims.value_of(value) for name, value in message.source if name == "Rule"), None)
            if message
            else None,
            events=claims.words(each.topic for each in messages if each is not message),
        ),
        broken=envelope.broken,
    )


def _is_idle(messages: list[_Message]) -> bool:
    return all(each.is_first_state and (each.state or "").lower() in {"", "false", "0"} for each in messages)


def _vendor(messages: list[_Message]) -> str:
    for message in messages:
        for mark, vendor in _MAKERS:
            if mark in (message.topic or ""):
                return vendor
        if re.fullmatch(r"\d{3}", message.channel or ""):
            return "reolink"
    return NAME


def _messages(envelope: Envelope) -> list[_Message]:
    elements = [
        element
        for document in envelope.documents
        if document.kind == "xml"
        for element in document.root.every("NotificationMessage")
    ]
    return [_message(element) for element in elements[:_MOST_MESSAGES]]


def _message(element: Element) -> _Message:
    inner = next((each for each in element.every("Message") if "UtcTime" in each.attributes), Element("Message"))
    return _Message(
        topic=trees.word(element.text_of("Topic")),
        source=_items(inner, "Source"),
        data=_items(inner, "Data"),
        time=times.read(inner.attributes.get("UtcTime")),
        is_first_state=inner.attributes.get("PropertyOperation", "").lower() == "initialized",
    )


def _items(message: Element, block: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        (item.attributes.get("Name", ""), item.attributes.get("Value", ""))
        for item in message.findall(f"{block}/SimpleItem")
    )
