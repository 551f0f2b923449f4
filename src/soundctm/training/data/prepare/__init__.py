"""Turns collections of sounds with captions into shards that training reads: see docs/data.md."""
