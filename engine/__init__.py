"""Photo and instruction in, landmarks out."""
