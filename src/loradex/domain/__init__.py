"""The words loradex speaks: enums and frozen dataclasses. Pure: no I/O, nothing heavy imported."""
