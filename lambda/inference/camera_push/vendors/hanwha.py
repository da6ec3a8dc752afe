"""Hanwha's Handover action: a GET whose query the installer writes.

Nothing in it names the event unless the installer put it there: without such a word it is a sign of life.
Source: hanwhavisionsupport.com article 41832094057115.
"""

from __future__ import annotations

from camera_push.envelope import Envelope
from camera_push.facts import common
from camera_push.push import Push, Sent

NAME = "hanwha"
_AGENTS = ("hanwha", "wisenet", "samsung", "techwin", "ipolis")


def reads(sent: Sent, envelope: Envelope) -> bool:
    """A GET without a body from a client without a name, or a client with one of the maker's names."""
    agent = sent.headers.get("user-agent", "").lower()
    return agent.startswith(_AGENTS) or (not agent and sent.method == "GET" and envelope.is_empty)


def push(sent: Sent, envelope: Envelope) -> Push:
    """The facts of the query."""
    return common.push(NAME, sent, envelope)
