"""Whether opening a model file could run code, told without running any.

Import the module you need; this package itself imports nothing:

* `verdicts.judge`   the verdict on an open file, reusing what its header told
* `verdicts.look_over` the same for a path, folder or file, with nothing known yet
* `names`            the allow-list that alone makes a pickle safe

A pickle is a program. It is safe only if every name it asks for is on the allow-list; whatever
else, known or not, is at least suspicious. Lists of harmful names, our own and picklescan's, only
decide between suspicious and dangerous. What could not be read to its end is never safe.
"""
