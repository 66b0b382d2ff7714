"""Draw grids. The only package that knows torch and diffusers."""
