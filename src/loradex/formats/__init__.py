"""Read model files: headers without weights, hashes in one read. No torch."""
