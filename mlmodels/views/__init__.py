"""Pages about models. They translate; the service decides."""
