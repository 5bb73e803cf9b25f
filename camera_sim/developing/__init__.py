"""From a capture to a picture file: tiles, output, credential, one file or many."""
