"""AWS's list prices of instances for real-time inference in us-east-1, in USD an hour.

The prices are those of ``workbench/capacity/prices.json``, which has sources and ages; a test compares the
two. Other regions (China most of all), discounts and savings plans differ. The dashboard shows the order of magnitude;
the bill counts.
"""

from __future__ import annotations

HOURLY = {
    "ml.g4dn.xlarge": 0.736,
    "ml.m5.xlarge": 0.23,
    "ml.g4dn.2xlarge": 0.94,
    "ml.m5.2xlarge": 0.461,
    "ml.c5.xlarge": 0.204,
    "ml.c5.2xlarge": 0.408,
}
