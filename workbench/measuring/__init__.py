"""Reading of measurements: percentiles, memory and processor time of processes, and the machine's description.

It knows nothing of servers, models or the serving program.
"""
