"""ESP32 cameras: the multipart sketch that most copy, and Espressif's HTTP clients.

Sources: randomnerdtutorials' sketch (part ``imageFile``, no User-Agent); espressif/esp-idf#8258.
"""

from __future__ import annotations

from camera_push.envelope import Envelope
from camera_push.facts import common
from camera_push.push import Push, Sent

NAME = "esp32"


def reads(sent: Sent, envelope: Envelope) -> bool:
    """By the name of the client, or by the part's name in the sketch."""
    agent = sent.headers.get("user-agent", "").lower()
    return agent.startswith(("esp32", "esp8266", "esp-idf")) or (
        not agent and any(picture.part_name == "imageFile" for picture in envelope.pictures)
    )


def push(sent: Sent, envelope: Envelope) -> Push:
    """The pictures; words only where the sketch was changed to send some."""
    return common.push(NAME, sent, envelope)
