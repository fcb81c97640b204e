cudaenv list --available
