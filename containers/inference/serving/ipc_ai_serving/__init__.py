"""The serving core: HTTP contract of SageMaker, four-hook applications, engines and heads.

The flow of a request: ``app`` -> ``host`` -> an application's ``input_fn`` (``content``) -> ``predict_fn``
(``frames`` and ``images``, ``detector``: ``preprocessing`` -> ``engines`` -> ``heads``) -> ``output_fn``.
"""
