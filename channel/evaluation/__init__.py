"""Measuring the channel: against libjpeg, against peers, against downloaded files."""
