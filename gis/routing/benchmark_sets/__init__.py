"""Published arc-routing benchmarks: readers, an independent checker, and runs of our search."""
