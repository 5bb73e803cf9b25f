"""The survival ledger: what of a signed photo survives which platform, by size and quality."""
