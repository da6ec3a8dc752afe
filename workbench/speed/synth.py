"""How long ``npx cdk synth`` takes once everything that it keeps is kept."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass

from workbench import places
from workbench.errors import SynthesisError


@dataclass(frozen=True, kw_only=True)
class SynthTimes:
    """The wall time of a synth.

    Attributes:
        runs: how often it was measured.
        wall_seconds: the median.
    """

    runs: int
    wall_seconds: float


def time_synth(*, runs: int = 3) -> SynthTimes:
    """Measures it, after one run that fills what is kept.

    Raises:
        SynthesisError: it failed; the message says what it said.
    """
    with tempfile.TemporaryDirectory() as output:
        walls = [_wall_seconds(output) for _ in range(runs + 1)]
    return SynthTimes(runs=runs, wall_seconds=statistics.median(walls[1:]))


def _wall_seconds(output: str) -> float:
    command = ["npx", "--no-install", "cdk", "synth", "--quiet", "--output", output]
    environment = {**os.environ, "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "18,20"}
    began = time.monotonic()
    finished = subprocess.run(
        command, cwd=places.REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )
    took = time.monotonic() - began
    if finished.returncode:
        raise SynthesisError(f"cdk synth failed:\n{finished.stderr.strip()}")
    return took
