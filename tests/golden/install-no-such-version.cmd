# status: 4
cudaenv install 99
