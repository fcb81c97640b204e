# state: two
CUDAENV_TOOLKIT=13.0 cudaenv current
