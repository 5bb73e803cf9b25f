"""Measuring the channel: against libjpeg, against peers, against what networks really served."""
