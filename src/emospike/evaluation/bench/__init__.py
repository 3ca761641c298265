"""Bench: what deciding costs in time and memory, and what it would cost otherwise; one module a group."""
