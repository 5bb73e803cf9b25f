"""The watermark's reader: found at any size and cut, its payload decoded, its octaves measured."""
