"""How image tools lay out their model folders: one module a tool, one table of them all."""
