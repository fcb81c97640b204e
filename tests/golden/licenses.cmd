# state: two
cudaenv licenses
