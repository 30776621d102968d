"""The promises that the repository makes about itself: layers, docs, snapshots, settings."""
