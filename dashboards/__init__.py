"""What is seen: pages over the published file. Reads, filters and draws; computes nothing."""
