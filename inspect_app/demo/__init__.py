"""The generator of the demo county: all frames are computed from a seed number."""
