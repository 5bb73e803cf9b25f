"""Detectors that a user added: somebody else's network, with a card, calibrated on own pictures."""
