"""Models of tables, told by their ONNX graphs: what they take and answer, and a row to try them with.

The container serves them without a program; its package ``tables`` says how.
"""
