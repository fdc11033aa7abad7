"""What runs in production is looked at here: drift, performance on matured labels, cost, and the report of them."""
