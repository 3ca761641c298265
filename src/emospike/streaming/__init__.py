"""Streaming: sound that comes in chunks, brought to one rate and cut into utterances as it comes.

What is found depends on the samples alone, never on how they were cut into chunks.
"""
