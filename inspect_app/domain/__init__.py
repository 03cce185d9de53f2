"""Rules and declarations of the field; standard library only."""
