# state: two
# status: 5
CUDAENV_TOOLKIT=12.8.1 cudaenv which nvcc
