"""The command line. Importing it loads click and nothing heavier; commands load when they run."""

from loradex.cli.main import main

__all__ = ["main"]
