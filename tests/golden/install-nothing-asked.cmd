# status: 2
cudaenv install
