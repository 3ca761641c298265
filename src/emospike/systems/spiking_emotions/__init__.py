"""Spiking Emotions."""
