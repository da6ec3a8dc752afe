"""Cameras as the registry keeps them: who they are, how they prove it, what is done with their frames.

Pure values and rules, without a call of AWS: the functions read them, the command line writes them.
"""
