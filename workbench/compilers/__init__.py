"""Compilers of models, one folder for each: ONNX Runtime on this machine, SageMaker Neo in the account."""
