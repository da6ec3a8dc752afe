"""The functions of the service: the one behind ``POST /inference``, and the one behind files uploaded to S3.

A request: ``handler`` -> ``frames`` (parse) -> ``sagemaker`` (infer) -> ``event_recording`` -> ``event_store`` ->
``answers``. A file: ``ingest`` -> ``uploads`` (notification, file) -> ``sagemaker`` -> ``event_store`` -> ``uploads``
(delete). ``messages`` has the values that pass between them.

Nothing of the model, the stack or the catalogue belongs here: Lambda loads this package with powertools, pybase64 and
its runtime's boto3, and the settings come through the environment.
"""
