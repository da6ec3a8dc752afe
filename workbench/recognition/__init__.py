"""Recognition of a standard ONNX file: its head, its preprocessing and its classes, with the evidence."""
