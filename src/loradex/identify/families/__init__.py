"""What each architecture is known by: one small module a family, all listed in `identify.table`.

A module offers `MODELS` (rules for whole denoisers), `BLOCKS` (rules for what a LoRA or a middle
shard shows: block names and sizes only) or both. Names and sizes were read off published files
and the models' own code.
"""
