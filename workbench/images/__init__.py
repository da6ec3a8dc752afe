"""Container images: their sources, and the registry that they are pushed to.

The engines that run images stand in `local`.
"""
