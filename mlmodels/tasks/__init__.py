"""What is carried out in job processes. Each kind of job has a module, so that none loads the libraries of another."""
