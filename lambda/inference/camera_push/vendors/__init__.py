"""Vendors, one module each: by what its pushes are known, and what its words mean."""
