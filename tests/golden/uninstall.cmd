# state: own
cudaenv uninstall 13.0.2
cudaenv list
