"""What a detector goes by: relevance over the picture, channels that speak, colour. Needs torch."""
