cudaenv install 13.0.2 --no-verify
