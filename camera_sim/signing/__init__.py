"""Who signs: keys, certificates, identities, the vendor, and what it revokes."""
