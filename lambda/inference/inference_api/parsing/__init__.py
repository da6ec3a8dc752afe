"""The body of a request, parsed into frames and options, in every form that clients send."""
