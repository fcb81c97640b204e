cudaenv list
