"""What an instance costs: AWS's list price of real-time inference in us-east-1, in USD an hour.

The prices are those of ``workbench/capacity/prices.json``, which says where each was read and how old it is; a
test holds the two together. Other regions, China first of all, discounts and savings plans differ. It serves for the
order of magnitude on the dashboard. The bill is what counts.
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
