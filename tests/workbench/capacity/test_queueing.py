from __future__ import annotations

import math

import numpy as np
import pytest

from workbench.capacity.queueing import late, late_constant, mean_wait, states, waiting_probability


def test_erlang_c_by_hand() -> None:
    assert waiting_probability(0.5, 1.0, 1) == pytest.approx(0.5)  # one server: its utilisation
    # Two servers, offered load 1: B = (1/2) / (1 + 1 + 1/2) = 0.2, C = 0.2 / (1 - 0.5 * 0.8).
    assert waiting_probability(1.0, 1.0, 2) == pytest.approx(1 / 3)
    assert waiting_probability(5.0, 1.0, 2) == 1.0


def test_waits_by_hand() -> None:
    assert mean_wait(0.5, 1.0, 1, constant_service=False) == pytest.approx(1.0)
    assert mean_wait(0.5, 1.0, 1) == pytest.approx(0.5)  # Pollaczek-Khinchine: rate s^2 / (2 (1 - utilisation))
    assert mean_wait(2.0, 1.0, 2) == math.inf


def test_states_of_one_server_are_geometric() -> None:
    probabilities = states(np.array([0.5]), 1, 3)[0]
    assert probabilities == pytest.approx(np.array([8, 4, 2, 1]) / 15)


def test_with_many_places_the_states_agree_with_erlang() -> None:
    for servers, offered in ((1, 0.7), (4, 3.0), (8, 6.5)):
        probabilities = states(np.array([offered]), servers, 400)[0]
        assert probabilities[servers:].sum() == pytest.approx(waiting_probability(offered, 1.0, servers))
        waiting = np.maximum(np.arange(401) - servers, 0)
        wait = float(probabilities @ waiting) / offered  # Little's law
        assert wait == pytest.approx(mean_wait(offered, 1.0, servers, constant_service=False))


def test_the_tail_of_the_wait_is_exponential_with_many_places() -> None:
    probabilities = states(np.array([3.0]), 4, 400)
    waits = np.array([0.0, 0.5, 2.0])
    expected = waiting_probability(3.0, 1.0, 4) * np.exp(-(4 - 3) * waits)
    assert late(probabilities, waits, 4)[0] == pytest.approx(expected, rel=1e-6)


def test_overload_sheds_what_cannot_be_done() -> None:
    assert states(np.array([2.0]), 1, 16)[0, -1] == pytest.approx(0.5, abs=1e-4)


def test_constant_service_waits_for_whole_predictions() -> None:
    probabilities = states(np.array([0.5]), 1, 3)  # 8, 4, 2, 1 of 15; the last is refused
    shares = late_constant(probabilities, np.array([0.0, 0.9, 1.0, 1.9, 2.0]), 1)[0]
    assert shares == pytest.approx(np.array([6, 6, 2, 2, 0]) / 14)
