"""loradex: know, find and test the image models you own."""

__version__ = "0.1.0"
