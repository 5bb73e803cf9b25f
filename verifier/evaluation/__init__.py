"""Measuring the verifier: scores, calibration, flips, and files made to break it."""
