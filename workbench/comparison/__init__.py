"""Compare two models on the same frames, by the answers that clients would get; nothing here deploys anything."""
