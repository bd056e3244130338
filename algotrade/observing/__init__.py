"""How the lab is watched: the door for Prometheus, what the database tells it, and reports of errors."""
