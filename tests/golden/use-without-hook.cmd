# status: 2
cudaenv use 13.0
