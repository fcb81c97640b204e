# state: own
cp -r "$CUDAENV_ROOT/names/13.0.2/" foreign
chmod -R u+w foreign; rm foreign/receipt.toml
cudaenv link foreign mine
cudaenv list
cudaenv unlink mine
