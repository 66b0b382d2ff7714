"""A sample library made from nothing, a small local hub, and the whole loop on them."""
