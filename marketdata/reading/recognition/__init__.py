"""What a file of bars probably is: its encoding, its table, what each column holds, which series its bars belong to."""
