"""What becomes of the watermark: recovery by platform and change, false hits, fidelity, cost."""
