# state: two
# needs: no-gpu
cudaenv verify 13.0.2
cudaenv verify 13.0.2 --json
