# state: two
cudaenv install 13.0.2
