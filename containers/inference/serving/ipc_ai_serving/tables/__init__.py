"""Models of tables: rows of numbers and words in, an answer a row out, on ONNX Runtime.

Graphs are those of skl2onnx and onnxmltools: one input with all columns, or an input a column. No image comes here.
"""
