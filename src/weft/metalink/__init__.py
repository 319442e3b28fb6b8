"""The knowledge graph over any encoder."""
