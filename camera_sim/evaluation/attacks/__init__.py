"""A vendor's rehearsal: what people who try can do to the keyed watermark, and what notices.

Attackers know all that is published: the pattern, this code and the network's weights. They have
photos of one device group, and no key, unless a row says which.
"""
