"""When cameras were last seen, and which of them are silent: the table of states, written and watched.

``signs`` and ``quota`` write what requests tell; ``silence`` and ``changes`` are the watch's.
"""
