"""The channel as training sees it: the same steps with gradients. Needs torch."""
