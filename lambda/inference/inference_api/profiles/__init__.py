"""A camera's profile, applied to its frames: let in, cut down to the boxes that pass, kept or not.

``admission`` comes before the model, ``passing`` and ``keeping`` behind it.
"""
