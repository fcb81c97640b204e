# state: two
CUDAENV_DRIVER=13.0 CUDAENV_GPU=9.0 cudaenv driver
