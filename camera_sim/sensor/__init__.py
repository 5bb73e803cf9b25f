"""The simulated sensor: a picture becomes a capture of a camera, as a DNG file."""
