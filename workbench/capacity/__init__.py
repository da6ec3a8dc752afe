"""Demand of a fleet of cameras on the service, its cost, and the limit that it meets first."""
