"""Bounded HTTP servers, on which the stand-ins of AWS services speak."""
