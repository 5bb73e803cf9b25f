"""What detectors and the report read from a file and its pixels."""
