"""Training of what names edits by a watermark's transfer."""
