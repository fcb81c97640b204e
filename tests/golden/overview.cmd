cudaenv --help
