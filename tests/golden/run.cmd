# state: two
cudaenv run +13.5.0 -- nvcc --version
cudaenv run +13.0 nvcc --version
