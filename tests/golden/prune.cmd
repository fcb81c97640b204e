# state: own
cudaenv uninstall 13.5.0 2>/dev/null
cudaenv prune
