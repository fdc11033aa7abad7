"""What other schedulers are given: files written from the manifest alone, without an import of what they are for."""
