"""The parts of `operations.watch`: eyes on the disk, files that settle, what is told of them."""
