# state: two
cudaenv verify 13.0.2
