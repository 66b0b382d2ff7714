"""Other tools' files beside models: read as evidence, and written so that those tools show it."""
