"""The weekly patrol plan: problem, solver, verifier, explanations, road travel times."""
