cudaenv cache dir
