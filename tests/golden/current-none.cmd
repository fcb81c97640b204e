cudaenv current
