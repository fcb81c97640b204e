# state: own
cudaenv global 13.5
cudaenv current
