"""Figures of what evaluations found, drawn from their JSON."""
