"""Pushes: requests that cameras make by themselves, in their vendors' forms, and what they are answered.

``door`` has the story: ``paths`` (is it one, and of which camera) -> the reader -> ``broken_pictures`` -> ``asking``
with ``facts`` (for model and event) -> inference, or ``accepted`` (a queue, whose messages ``completing`` takes) ->
``replies``.
"""
