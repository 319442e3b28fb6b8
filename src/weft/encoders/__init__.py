"""Encoders: data to embeddings."""
