"""What is shown: the record of an analysis, and its text, HTML and pictures."""
