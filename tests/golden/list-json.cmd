# state: two
cudaenv list --json
