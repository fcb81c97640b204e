# state: two
# needs: no-gpu
# status: 8
cudaenv health
