# state: two
CUDAENV_TOOLKIT=13.0.2 "$CUDAENV_ROOT/shims/nvcc" --version
CUDAENV_TOOLKIT=12.8.1 "$CUDAENV_ROOT/shims/nvcc" --version; echo "status $?"
CUDAENV_TOOLKIT=13.0.2 "$CUDAENV_ROOT/shims/cuobjdump" --version; echo "status $?"
