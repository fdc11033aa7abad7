"""Features served through Feast: the repository that it reads, the online store, the offline store."""
