"""Run loradex as `python -m loradex`."""

from loradex.cli import main

if __name__ == "__main__":
    main()
