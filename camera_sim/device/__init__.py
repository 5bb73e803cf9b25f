"""The simulated device: its one-time memory, its frames, and photos signed once."""
