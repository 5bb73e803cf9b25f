"""Training of what names edits from a watermark: captures, edited copies, calibration."""
