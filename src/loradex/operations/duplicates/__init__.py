"""Duplicates and near-duplicates, and the space that each would free. Changes nothing."""

from loradex.operations.duplicates.find import find_duplicates

__all__ = ["find_duplicates"]
