"""The model's SageMaker endpoint, real-time or asynchronous, and the client that signs and sends.

It takes an ``InferenceRequest`` and returns an ``Inference``; it knows neither API Gateway nor the event store.
"""
