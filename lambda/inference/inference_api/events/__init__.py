"""Events in the bucket: their keys, lines and recording, and the claims of Idempotency-Keys."""
