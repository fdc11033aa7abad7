"""What runs tell to others: lineage events, kept until they are sent."""
