"""Few-shot classification: episodes of N classes with K examples each, heads, and baselines on embeddings."""
