"""Measure variants for ``benchmark``, each in processes of its own, with the serving program's own code."""
