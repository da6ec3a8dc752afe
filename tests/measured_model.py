"""A measurement of a model's throughput, for tests that change what matters to them."""

from __future__ import annotations

from workbench.capacity.throughput import Frame, Machine, Measurement

MEASURED = Measurement(
    application="body-detection",
    model="yolox_nano",
    instance_type=None,
    machine=Machine(processor="Some CPU", cores=2, load_before=0.1),
    frame=Frame(name="frame", width=640, height=480, bytes=50_000),
    clients=4,
    seconds=10.0,
    requests=400,
    failed=0,
    requests_per_second=40.0,
    milliseconds_per_frame=50.0,
    p50_ms=95.0,
    p99_ms=150.0,
    date="2026-11-20",
    command="ipc-ai plan --measure",
)
