# state: two
# status: 127
cudaenv run +13.5.0 -- no-such-tool
