"""emospike: emotion from speech and faces with brain-inspired spiking neural networks."""

__version__ = "0.1.0"
