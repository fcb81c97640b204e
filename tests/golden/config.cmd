cudaenv config
