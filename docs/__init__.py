"""The documentation, and the code that writes its reference part.

Belongs here: `generate.py`. Does not belong here: anything that a run needs; nothing imports this package.
"""
