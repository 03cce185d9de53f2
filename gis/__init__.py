"""Geography without web or database: frames in, frames out."""
