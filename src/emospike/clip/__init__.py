"""Clip: one recording, read lazily; with decoding and video, every check of a user's file lives in this room."""

from emospike.clip.clip import Clip
from emospike.clip.decoding import SAMPLE_RATE, Sound, check_file
from emospike.clip.finding import (
    EEG_SUFFIXES,
    EVENT_SUFFIXES,
    SOUND_SUFFIXES,
    VIDEO_SUFFIXES,
    find_recordings,
    is_eeg,
    is_events,
    is_hidden,
    walk,
)
from emospike.clip.samples import check_speech, is_silent
from emospike.clip.tables import TABLE_HINT, TABLE_SUFFIXES, check_times, is_table, read_rows
from emospike.clip.video import Frame

__all__ = [
    "EEG_SUFFIXES", "EVENT_SUFFIXES", "SAMPLE_RATE", "SOUND_SUFFIXES", "TABLE_HINT", "TABLE_SUFFIXES", "VIDEO_SUFFIXES",
    "Clip", "Frame", "Sound", "check_file", "check_speech", "check_times", "find_recordings", "is_eeg",
    "is_events", "is_hidden", "is_silent", "is_table", "read_rows", "walk",
]  # fmt: skip
