cudaenv install 13.0.2 --dry-run
