"""The caller of a request: a camera with a credential or a role of its own, or, the old ways, anyone who got in."""
