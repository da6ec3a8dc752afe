"""Measurements, written as lines of CloudWatch's embedded metric format."""
