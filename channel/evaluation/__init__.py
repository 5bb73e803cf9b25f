"""Measuring the channel: against libjpeg, against peers, against what platforms really served."""
