"""Training of the detector of generated pictures (Wang et al. 2020)."""
