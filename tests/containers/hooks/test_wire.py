"""Messages with bodies between two processes."""

from __future__ import annotations

import threading

import pytest

from ipc_ai_serving.hooks import wire


@pytest.mark.parametrize("size", [0, 1, 70_000, 5_000_000])
@pytest.mark.parametrize("told", ["short", "long" * 500_000])
def test_what_is_sent_is_received(size: int, told: str) -> None:
    ours, its = wire.pair()
    body = bytes(size - size // 2) + b"x" * (size // 2)
    with ours, its:
        sending = threading.Thread(target=wire.send, args=(ours, {"told": told}, body))
        sending.start()
        assert wire.receive(its) == ({"told": told}, body)
        sending.join()


@pytest.mark.parametrize("sent", [b"", b"1", bytes(15)])
def test_the_end_of_the_other_side(sent: bytes) -> None:
    ours, its = wire.pair()
    with its:
        ours.sendall(sent)
        ours.close()
        with pytest.raises(EOFError):
            wire.receive(its)
