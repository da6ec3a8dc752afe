"""What an instance costs: AWS's list price of real-time inference in us-east-1, in USD an hour.

As public tables repeat it; other regions, China first of all, discounts and savings plans differ. It serves for the
order of magnitude on the dashboard. The bill is what counts.
"""

from __future__ import annotations

LISTED = "2026-11"
"""The month in which the prices were looked up."""

HOURLY = {
    "ml.g4dn.xlarge": 0.7364,
    "ml.m5.xlarge": 0.23,
    "ml.g4dn.2xlarge": 0.94,
    "ml.m5.2xlarge": 0.461,
    "ml.c5.xlarge": 0.204,
    "ml.c5.2xlarge": 0.408,
}
