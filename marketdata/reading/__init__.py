"""Files of bars: what they look like, and their rows as columns, with every problem located."""
