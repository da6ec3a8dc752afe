"""Compilers of models, one folder for each: ONNX Runtime and TensorRT on this machine, SageMaker Neo in the account."""
