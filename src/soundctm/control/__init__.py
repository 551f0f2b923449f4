"""What bends a trajectory: targets over time, loss guidance, data consistency, windows, inversion."""
