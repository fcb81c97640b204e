# sizes, and so the order, depend on the compiler that made the miniatures
cudaenv install 13.0.2 --dry-run | sort
