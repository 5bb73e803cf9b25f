"""Networks that were trained elsewhere: what detectors start from."""
