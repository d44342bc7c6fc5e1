"""One reader for each container: bytes to named columns and text cells. `flows.read` picks the reader."""
