"""A file of any length as columns on disk: read in pieces by compiled code, with every problem located."""
