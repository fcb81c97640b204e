# status: 5
cudaenv uninstall 13.0.2
