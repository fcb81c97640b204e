# state: own
cudaenv local 13.0.2
cat .cudaenv
cudaenv current
cudaenv current --json
