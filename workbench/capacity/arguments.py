"""Arguments of ``ipc-ai plan``."""

from __future__ import annotations

import argparse
from pathlib import Path

from workbench import places, regions
from workbench.capacity import prices, throughput
from workbench.number_arguments import integer, number, whole_number


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("--cameras", type=integer, default=100, help="how many cameras (default: 100)")
    parser.add_argument("--fps", type=number, default=0.5, help="frames a second of each (default: 0.5)")
    parser.add_argument("--application", help="applicationType (default: that of --model, else face-detection)")
    parser.add_argument(
        "--model", help="name of its model, a model folder, or a packed model (default: the template's)"
    )
    parser.add_argument("--instance", default="ml.g4dn.xlarge", help="deployInstanceType (default: ml.g4dn.xlarge)")
    parser.add_argument("--shadow", action="store_true", help="a shadow runs too (shadowModelName), on one instance")
    parser.add_argument("--frame-kb", type=number, default=200.0, help="a frame in kB, as a JPEG (default: 200)")
    parser.add_argument("--hours-per-day", type=number, default=24.0, help="hours in which they send (default: 24)")
    parser.add_argument("--save-events", action="store_true", help="frames and results are kept in S3")
    parser.add_argument(
        "--retention-days", type=integer, default=30, help="days for which; 0 counts a year (default: 30)"
    )
    parser.add_argument("--ingest", action="store_true", help="cameras upload to S3 in place of calling the API")
    parser.add_argument(
        "--registry", action="store_true", help="each camera has a credential (apiAuthorization=CAMERA)"
    )
    parser.add_argument("--key-per-camera", action="store_true", help="every camera has an API key of its own")
    parser.add_argument(
        "--region", type=regions.argument, default="us-east-1", help="region of the prices (default: us-east-1)"
    )
    parser.add_argument("--prices", type=Path, default=prices.PRICES, help="a price table of your own")
    parser.add_argument("--throughput", type=number, metavar="RPS", help="requests a second that one instance manages")
    parser.add_argument("--measurements", type=Path, default=throughput.MEASUREMENTS, help="file of measurements")
    parser.add_argument("--overhead-ms", type=number, default=50.0, help="time of the function itself (default: 50)")
    parser.add_argument("--json", action="store_true", help="one JSON document in place of tables")
    simulation = parser.add_argument_group("simulation")
    simulation.add_argument("--simulate", action="store_true", help="simulate a day, for 100 to 100,000 cameras")
    simulation.add_argument("--output", type=Path, metavar="PNG", help="draw it (implies --simulate)")
    simulation.add_argument("--target", type=number, default=8.0, help="targetConcurrencyPerInstance (default: 8)")
    simulation.add_argument(
        "--seed", type=whole_number(0), default=1, help="the same seed gives the same day (default: 1)"
    )
    measuring = parser.add_argument_group("measuring")
    measuring.add_argument("--measure", action="store_true", help="measure this machine into --measurements, and end")
    measuring.add_argument("--frame", type=Path, help="an image to send (default: scikit-image's astronaut)")
    measuring.add_argument("--clients", type=integer, default=4, help="requests at once (default: 4)")
    measuring.add_argument("--seconds", type=number, default=10.0, help="how long (default: 10)")
    measuring.add_argument("--store", type=Path, default=places.MODEL_STORE, help="folder of fetched models")
