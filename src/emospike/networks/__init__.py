"""Networks: from spikes to activity."""
