"""Encoders of images: packed pixels to embeddings."""
