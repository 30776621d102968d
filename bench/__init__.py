"""Benchmarks that print ratios: the whole gated run beside a bare read of the same file, in one go.

Belongs here: growing real packages to a size, running and measuring, printing.
Does not belong here: assertions on time (machines differ), and anything the pipeline imports.
"""
