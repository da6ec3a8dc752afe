"""Container images: what one is built from, and the registry that it is pushed to.

The engines that run images stand in `local`.
"""
