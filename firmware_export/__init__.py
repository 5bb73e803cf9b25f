"""From a trained network to what a camera can run."""
