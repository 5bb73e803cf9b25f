"""From the watermark of a stripped copy back to the signed credential, and what was changed since.

A repository is trusted for nothing. What it gives counts by its own signature, and only if it
states the very watermark that was read.
"""
