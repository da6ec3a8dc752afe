"""AWS services that one frame passes through, on 127.0.0.1.

Each module stands for one AWS service and speaks its protocol; the product's own code is untouched.
"""
