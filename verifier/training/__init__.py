"""Training of the verifier's networks; needs torch."""
