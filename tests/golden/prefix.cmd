# state: two
cudaenv prefix 13.0.2
