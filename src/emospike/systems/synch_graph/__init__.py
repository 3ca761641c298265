"""Synch-Graph."""
