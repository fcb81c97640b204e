# state: two
CUDAENV_TOOLKIT=13.0.2 cudaenv which nvcc
cudaenv whence nvcc
