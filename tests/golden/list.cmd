# state: two
cudaenv list
