# status: 2
cudaenv frobnicate
