"""Pictures that are looked at from a queue: the queues, the function that makes events of them, and its alarms.

Everything here exists with ``ingestFromS3=Yes`` or ``pushAnswer=accepted`` alone. Other requests of the API never pass
through it.
"""
