"""Map layers: one file is one layer, its SQL, its legend and what it shows."""
