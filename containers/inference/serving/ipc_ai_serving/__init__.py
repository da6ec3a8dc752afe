"""The serving program: SageMaker's HTTP contract, four-hook applications, engines and heads. Nothing of AWS but S3.

The way of a request: ``server`` -> ``hooks`` -> an application's ``input_fn`` (``requests``) -> ``predict_fn``
(``decoding``, ``vision``, ``models``, ``engines``, on a core of ``scheduling``) -> ``output_fn``.
"""
