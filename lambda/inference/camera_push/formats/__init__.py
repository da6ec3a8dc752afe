"""Forms of bodies: where texts and pictures begin and end in them. No vendor is known here.

Everything takes a body with a first and an end position in it, and copies nothing but what it hands on. Each byte is
looked at a bounded number of times: a search goes on where the last one ended, never before.
"""
