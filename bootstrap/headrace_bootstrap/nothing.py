"""The script that spark-submit runs when only its package resolution is wanted."""
