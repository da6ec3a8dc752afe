"""Checks of the synthesized template, and the reasons why some of their findings are no faults.

No resource is made here, and nothing here knows a resource of this stack.
"""
