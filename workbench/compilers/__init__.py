"""Compilers of models, a folder each: ONNX Runtime on this machine, SageMaker Neo in the account."""
