"""The parts of `bench/grid.py`."""
