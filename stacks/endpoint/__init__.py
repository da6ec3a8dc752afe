"""The SageMaker endpoint: its role, model, configuration, scaling, updates and alarms.

The bucket that it reads and writes is in ``events``, its image in ``assets``.
"""
