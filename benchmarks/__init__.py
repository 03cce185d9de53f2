"""Measurements that print a table; generated data only."""
