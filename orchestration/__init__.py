"""Suara's pipeline: connectors, the gated warehouse, publishing, and their Dagster definitions."""
