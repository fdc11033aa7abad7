"""Whether a candidate may serve, who serves, and the record of both."""
