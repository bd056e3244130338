"""How bars come in: from files, providers, generators and other series."""
