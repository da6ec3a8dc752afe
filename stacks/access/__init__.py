"""Permissions that hold under a condition, and the operator's key.

Which role gets one is said where that role is made; no role and no bucket is made here.
"""
