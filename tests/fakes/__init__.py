"""Servers that stand in for other people's, over real HTTP on loopback; programs of their own."""
