"""AWS services that one frame passes through, on 127.0.0.1.

Each stand-in speaks the protocol of one AWS service; the product's own code is untouched.
"""
