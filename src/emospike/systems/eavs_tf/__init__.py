"""EAVS-TF."""
