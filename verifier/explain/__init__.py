"""What a detector goes by: relevance over the picture and by channel, colour. Needs torch."""
