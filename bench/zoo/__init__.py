"""A zoo of tiny trained models whose truth is known: `python -m bench.zoo make FOLDER`."""
